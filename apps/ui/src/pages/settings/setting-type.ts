export type SettingType =
  | { kind: 'boolean' | 'text' }
  | { kind: 'number'; isInteger: boolean; minimum: number | undefined; maximum: number | undefined }

/** What kind of field a setting needs, from the JSON Schema of its value. */
export function typeOf(schema: Readonly<Record<string, unknown>>): SettingType {
  const { type, minimum, maximum } = schema
  if (type === 'boolean') return { kind: 'boolean' }
  if (type !== 'integer' && type !== 'number') return { kind: 'text' }
  return {
    kind: 'number',
    isInteger: type === 'integer',
    minimum: typeof minimum === 'number' ? minimum : undefined,
    maximum: typeof maximum === 'number' ? maximum : undefined,
  }
}

/** "1 to 720 hours". */
export function boundsText({ minimum, maximum }: { minimum?: number; maximum?: number }, unit = ''): string {
  const words = [
    minimum === undefined
      ? ''
      : maximum === undefined
        ? `at least ${minimum.toLocaleString('en')}`
        : minimum.toLocaleString('en'),
    maximum === undefined
      ? ''
      : minimum === undefined
        ? `at most ${maximum.toLocaleString('en')}`
        : `to ${maximum.toLocaleString('en')}`,
    unit,
  ]
  return words.filter((word) => word !== '').join(' ')
}
