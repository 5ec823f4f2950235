import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { SERVICES } from './network.ts'
import { buildOpenApi, publicRoutes } from './openapi.ts'
import { ALL_ROUTES } from './route-list.ts'

test('every file that defines routes is in the list', async () => {
  const folder = new URL('.', import.meta.url)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')))
  const defined = texts.flatMap((text) => [...text.matchAll(/= defineRoute\(/g)]).length

  expect(ALL_ROUTES).toHaveLength(defined)
})

test('operation ids and routes are unique, and a path begins with its service', () => {
  const ids = ALL_ROUTES.map((route) => route.operationId)
  const places = ALL_ROUTES.map((route) => `${route.service} ${route.method} ${route.path.replaceAll(/:\w+/g, ':')}`)

  expect(new Set(ids).size).toBe(ids.length)
  expect(new Set(places).size).toBe(places.length)
  for (const route of ALL_ROUTES)
    expect(route.path.startsWith(SERVICES[route.service].pathPrefix), route.path).toBe(true)
})

test('a route that asks for a permission names it, and one for everybody does not', () => {
  for (const route of ALL_ROUTES) {
    if (route.auth === 'permission') expect(route.permission, route.operationId).toBeDefined()
    if (route.auth === 'public') expect(route.permission, route.operationId).toBeUndefined()
  }
})

test('the document describes every public route and refers only to what it holds', () => {
  const document = buildOpenApi(ALL_ROUTES)
  const text = JSON.stringify(document)
  const { schemas } = JSON.parse(text).components

  for (const { route } of publicRoutes(ALL_ROUTES)) expect(text).toContain(`"operationId":"${route.operationId}"`)
  for (const [, name] of text.matchAll(/#\/components\/schemas\/([^"]+)"/g))
    expect(schemas).toHaveProperty([name ?? ''])
  expect(text).not.toContain('#/$defs')
})
