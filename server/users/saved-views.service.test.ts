import { expect, test } from 'vitest'
import { InvalidInput, NameTaken, NotFound } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { MAX_VIEWS } from './saved-view.ts'
import { createSavedView, deleteSavedView, listSavedViews } from './saved-views.service.ts'

const world = await testWorld()
const [ada, grace] = [await world.person(), await world.person()]
const path = '/admin/keys'
const query = 'status=EXPIRING&sort=-created'
const namesOf = async (act: typeof ada, of = path) => (await listSavedViews(act, of)).map(({ name }) => name)

test('a view is kept for its person and its page alone, and leaves audit entries', async () => {
  const view = await createSavedView(ada, { path, name: ' Ends soon ', query })
  expect([view.name, view.query]).toEqual(['Ends soon', query])
  expect([await namesOf(ada), await namesOf(ada, '/keys'), await namesOf(grace)]).toEqual([['Ends soon'], [], []])
  await expect(deleteSavedView(grace, view.id)).rejects.toThrow(NotFound)
  await deleteSavedView(ada, view.id)
  await expect(deleteSavedView(ada, view.id)).rejects.toThrow(NotFound)
  expect(await namesOf(ada)).toEqual([])
  const entries = await world.db.prisma.auditEntry.findMany({ where: { subjectId: view.id }, orderBy: { seq: 'asc' } })
  expect(entries.map(({ action }) => action)).toEqual(['createSavedView', 'deleteSavedView'])
})

test('a name is given once per page, to each person', async () => {
  for (const act of [ada, grace]) await createSavedView(act, { path, name: 'Mine', query })
  await expect(createSavedView(ada, { path, name: 'Mine', query: '' })).rejects.toThrow(NameTaken)
  await createSavedView(ada, { path: '/keys', name: 'Mine', query })
})

test.each([
  ['a path that is none', { path: 'https://evil.example/', name: 'A', query }],
  ['a query that is no part of an address', { path, name: 'A', query: 'a=<b c>' }],
  ['a name of nothing', { path, name: ' ', query }],
])('%s is refused', async (_what, input) => {
  await expect(createSavedView(ada, input)).rejects.toThrow(InvalidInput)
})

test(`nobody has more than ${MAX_VIEWS} views of a page`, async () => {
  const page = '/logs'
  for (let index = 0; index < MAX_VIEWS; index++) await createSavedView(ada, { path: page, name: `${index}`, query })
  await expect(createSavedView(ada, { path: page, name: 'One more', query })).rejects.toThrow(InvalidInput)
})
