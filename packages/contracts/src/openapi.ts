import { z } from 'zod'
import { ErrorBody, errorCatalog } from './errors.ts'
import { SERVICES } from './network.ts'
import { publicPath, type RouteContract } from './routes.ts'

/** A JSON value of the document; its shape is OpenAPI's business. */
type Json = { [key: string]: unknown }

interface Schemas {
  components: Map<string, Json>
}

/** `#/$defs/Name` of one schema becomes `#/components/schemas/Name` of the document. */
function relocate(value: unknown, rename: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => relocate(item, rename))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '$defs' && key !== '$schema' && key !== 'id' && key !== '~standard')
      .map(([key, member]) => {
        if (key !== '$ref' || typeof member !== 'string') return [key, relocate(member, rename)]
        const name = member.replace('#/$defs/', '')
        return [key, `#/components/schemas/${rename.get(name) ?? name}`]
      }),
  )
}

function asJson(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): { root: Json; definitions: Json } {
  const whole = asJson(
    z.toJSONSchema(schema, {
      io,
      target: 'draft-2020-12',
      unrepresentable: 'any',
      reused: 'inline',
      override: ({ jsonSchema }) => {
        // Saying that an object is closed would promise more than is kept.
        if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
      },
    }),
  )
  const { $defs, ...root } = whole
  const id = schema.meta()?.id
  // Some versions of a named root are its own definition, others refer to it.
  if (typeof id !== 'string' || '$ref' in root) return { root, definitions: asJson($defs) }
  return { root: { $ref: `#/$defs/${id}` }, definitions: { ...asJson($defs), [id]: root } }
}

/** Names among `definitions` whose input form differs from the output form, by itself or by what it refers to. */
function differingNames(input: Json, output: Json): Set<string> {
  const differing = new Set(
    Object.keys(input).filter((name) => JSON.stringify(input[name]) !== JSON.stringify(output[name])),
  )
  let before = -1
  while (before !== differing.size) {
    before = differing.size
    for (const [name, definition] of Object.entries(input)) {
      const text = JSON.stringify(definition)
      if ([...differing].some((other) => text.includes(`"#/$defs/${other}"`))) differing.add(name)
    }
  }
  return differing
}

/**
 * A zod schema as JSON Schema of the document. Named schemas become components; one whose input and output differ
 * becomes two, the input's name ending in `Input`.
 */
function schemaOf(schemas: Schemas, schema: z.ZodType, io: 'input' | 'output'): Json {
  const { root, definitions } = toJsonSchema(schema, io)
  const differing =
    io === 'output' ? new Set<string>() : differingNames(definitions, toJsonSchema(schema, 'output').definitions)
  const rename = new Map([...differing].map((name) => [name, `${name}Input`]))
  for (const [name, definition] of Object.entries(definitions)) {
    schemas.components.set(rename.get(name) ?? name, asJson(relocate(definition, rename)))
  }
  return asJson(relocate(root, rename))
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return []
  const object = asJson(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }))
  const required = Array.isArray(object['required']) ? object['required'] : []
  return Object.entries(asJson(object['properties'])).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: relocate(property, new Map()),
  }))
}

/** `data` in the envelope of the platform family. */
function envelopeOf(data: Json): Json {
  return {
    type: 'object',
    properties: {
      status: { type: 'string', const: 'SUCCESS' },
      data,
      metaData: { type: 'null' },
      correlationId: { type: 'string' },
    },
    required: ['status', 'data', 'correlationId'],
  }
}

const STREAM_TYPES = { sse: 'text/event-stream', bytes: 'application/octet-stream', text: 'text/plain' } as const

function successOf(schemas: Schemas, route: RouteContract): Json {
  const status = route.status ?? (route.response === undefined && route.responseType === undefined ? 204 : 200)
  if (route.responseType !== undefined && route.responseType !== 'json') {
    return {
      [status]: {
        description: 'Success',
        content: { [STREAM_TYPES[route.responseType]]: { schema: { type: 'string' } } },
      },
    }
  }
  if (route.response === undefined) return { [status]: { description: 'Success' } }
  const data = schemaOf(schemas, route.response, 'output')
  const schema = route.family === 'ng' ? envelopeOf(data) : data
  return { [status]: { description: 'Success', content: { 'application/json': { schema } } } }
}

function errorsOf(route: RouteContract): Json {
  const always = route.auth === 'public' ? [] : (['UNAUTHENTICATED', 'INVALID_TOKEN', 'EXPIRED_TOKEN'] as const)
  const takesInput = route.body !== undefined || route.query !== undefined || route.params !== undefined
  const codes = new Set([...route.errors, ...always, ...(takesInput ? (['INVALID_REQUEST'] as const) : [])])
  if (route.permission !== undefined) codes.add('ACCESS_DENIED')
  const byStatus = new Map<number, string[]>()
  for (const code of codes) {
    const { status } = errorCatalog[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus]
      .toSorted(([one], [other]) => one - other)
      .map(([status, names]) => [
        status,
        {
          description: names.join(', '),
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      ]),
  )
}

function operationOf(schemas: Schemas, route: RouteContract): Json {
  const body =
    route.body === undefined
      ? undefined
      : {
          required: true,
          content: { [route.bodyType ?? 'application/json']: { schema: schemaOf(schemas, route.body, 'input') } },
        }
  const parameters = [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')]
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    ...(route.permission === undefined
      ? {}
      : { description: `Needs the permission \`${route.permission}\` in the scope of the request.` }),
    ...(route.auth === 'public' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...successOf(schemas, route), ...errorsOf(route) },
  }
}

/** True for routes that machines reach at the service's own public listener, with tokens of theirs. */
function isMachineRoute(route: RouteContract): boolean {
  return route.auth === 'public' && SERVICES[route.service].publicPort !== undefined
}

/** Routes that people can reach: those to which the gateway's table leads and that are not for peers or machines. */
export function publicRoutes(routes: readonly RouteContract[]): { route: RouteContract; path: string }[] {
  return routes
    .filter((route) => route.auth !== 'peer' && !isMachineRoute(route))
    .map((route) => ({ route, path: route.publicPath ?? publicPath(route.service, route.path) }))
    .filter((entry): entry is { route: RouteContract; path: string } => entry.path !== undefined)
}

/** The OpenAPI 3.1 document of the public routes among `routes`, in a stable order. */
export function buildOpenApi(routes: readonly RouteContract[]): Json {
  const schemas: Schemas = { components: new Map() }
  schemaOf(schemas, ErrorBody, 'output')
  const paths = new Map<string, Json>()
  const listed = publicRoutes(routes).toSorted(
    (one, other) => one.path.localeCompare(other.path, 'en') || one.route.method.localeCompare(other.route.method),
  )
  for (const { route, path } of listed) {
    const template = path.replaceAll(/:(\w+)/g, '{$1}')
    paths.set(template, { ...paths.get(template), [route.method.toLowerCase()]: operationOf(schemas, route) })
  }
  const tags = [...new Set(listed.map(({ route }) => route.tag))].toSorted()
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version: '1',
      description:
        'REST API of Sluice. Sign in for a bearer token, or send an API key in `x-api-key`. Times are epoch milliseconds in UTC.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: tags.map((name) => ({ name })),
    security: [{ bearer: [] }, { apiKey: [] }, { session: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        session: { type: 'apiKey', in: 'cookie', name: 'sluice_session' },
      },
      schemas: Object.fromEntries([...schemas.components].toSorted(([one], [other]) => one.localeCompare(other, 'en'))),
    },
  }
}
