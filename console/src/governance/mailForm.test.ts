import { expect, test } from 'vitest'
import { mailSchema, toInput, toState } from './mailForm.ts'

const stored = {
  host: 'mail.example.org',
  port: 587,
  tls: false,
  username: 'aic',
  hasPassword: true,
  fromAddress: 'a@example.org',
}

test('a password that is not typed again stays as it is', () => {
  expect(toInput(toState(stored))).not.toHaveProperty('password')
  expect(toInput({ ...toState(stored), password: 'new' })).toMatchObject({ password: 'new' })
})

test('without a username there is no password', () => {
  expect(toInput({ ...toState(stored), username: '' })).toMatchObject({ username: null, password: null })
})

test('a server needs a sender, and without a server nothing is needed', () => {
  expect(mailSchema.safeParse({ ...toState(stored), fromAddress: '' }).success).toBe(false)
  expect(mailSchema.safeParse({ ...toState(stored), host: '', fromAddress: '' }).success).toBe(true)
})
