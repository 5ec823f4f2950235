/** A field of a change as it enters the checksum: null fields are left out. */
export type Field = string | number | boolean | null | undefined | FieldList | Fields
export type FieldList = readonly Field[]
export interface Fields {
  readonly [name: string]: Field
}

/**
 * The text of a change that its checksum is taken of: sorted lines, four blanks a level, nested objects without their
 * name. (Liquibase's string serialisation; verified with its 4.28.)
 */
export function serialiseChange(name: string, fields: Fields): string {
  return `${name}:${serialiseFields(fields, 1)}`
}

function serialiseFields(fields: Fields, depth: number): string {
  const indent = '    '.repeat(depth)
  const lines = new Set<string>()
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined) continue
    if (isList(value)) lines.add(`${indent}${name}=${serialiseList(value, depth)}`)
    else if (typeof value === 'object') lines.add(indent + serialiseFields(value, depth + 1))
    else lines.add(`${indent}${name}="${String(value)}"`)
  }
  if (lines.size === 0) return '[]'
  return `[\n${[...lines].sort(byCodeUnits).join('\n')}\n${'    '.repeat(depth - 1)}]`
}

function serialiseList(list: FieldList, depth: number): string {
  if (list.length === 0) return '[]'
  const indent = '    '.repeat(depth + 1)
  const parts = list.map((item) => {
    if (isList(item)) return indent + serialiseList(item, depth + 2)
    return indent + (typeof item === 'object' && item !== null ? serialiseFields(item, depth + 2) : String(item))
  })
  return `[\n${parts.join(',\n')}\n${'    '.repeat(depth)}]`
}

function isList(value: Field): value is FieldList {
  return Array.isArray(value)
}

function byCodeUnits(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
