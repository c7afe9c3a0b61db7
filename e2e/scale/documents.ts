import { type DocumentNode, print } from 'graphql'

/** The documents of one folder of the console, as it sends them, by their names there. */
export async function consoleDocuments(folder: string): Promise<Readonly<Record<string, string>>> {
  const { href } = new URL(`../../console/src/${folder}/documents.ts`, import.meta.url)
  const documents: Readonly<Record<string, DocumentNode>> = await import(href)
  return Object.fromEntries(Object.entries(documents).map(([name, document]) => [name, print(document)]))
}
