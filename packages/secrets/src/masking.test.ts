import { isAppError } from '@sluice/contracts/errors'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertMaskable, createMasker, MASK } from './masking.ts'

/** A tiny alphabet, so that random texts are full of near misses, overlaps and repeats. */
const cramped = (minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom('a', 'b', '/', '"', '\n', 'é'), { minLength, maxLength }).map((units) => units.join(''))
const secret = fc
  .oneof(
    cramped(4, 9),
    fc.string({ minLength: 4, maxLength: 30, unit: 'grapheme' }),
    fc.string({ minLength: 4, maxLength: 30 }),
  )
  .filter((value) => value.trim().length >= 4)
const secrets = fc.array(secret, { minLength: 1, maxLength: 4 })

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64')

describe('masking', () => {
  it('hides a value, its lines, and its JSON, SQL, HTML, URL, hex and base64 forms', () => {
    const value = 'p"ss/wörd+1\nsecond line\nxy'
    const masker = createMasker([value])
    const forms = [
      value,
      'second line',
      'p"ss/wörd+1',
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value),
      new URLSearchParams({ v: value }).toString().slice(2),
      base64(value),
      Buffer.from(value).toString('base64url'),
      Buffer.from(value).toString('hex'),
      Buffer.from(value).toString('hex').toUpperCase(),
      value.replaceAll('"', '&quot;'),
      JSON.stringify(JSON.stringify(value)).slice(3, -3),
    ]
    for (const form of forms) expect(masker.maskText(`<${form}>`)).toBe(`<${MASK}>`)
  })

  it('hides a value within an SQL literal', () => {
    expect(createMasker([String.raw`it's\here`]).maskText(String.raw`'it''s\here' E'it''s\\here'`)).toBe(
      `'${MASK}' E'${MASK}'`,
    )
  })

  it('hides a value within base64 at every alignment', () => {
    const value = 'correct horse battery'
    const masker = createMasker([value])
    for (const before of ['', 'a', 'ab', 'abc']) {
      const encoded = base64(`${before}${value} and more`)
      const masked = masker.maskText(encoded)
      expect(masked).toContain(MASK)
      // What is left decodes to nothing of the value beyond the characters shared with its neighbours.
      expect(masked.replace(MASK, '').length).toBeLessThanOrEqual(
        encoded.length - Math.floor((value.length * 8) / 6) + 1,
      )
    }
  })

  it('leaves other text alone', () => {
    expect(createMasker(['hunter22']).maskLine('hunter2 has no secret')).toBe('hunter2 has no secret')
    expect(createMasker([]).maskLine('anything')).toBe('anything')
  })

  it('masks overlapping values as one', () => {
    expect(createMasker(['abcdef', 'defghi']).maskText('xabcdefghiy')).toBe(`x${MASK}y`)
    expect(createMasker(['abcd', 'abcdefgh']).maskText('abcdef abcdefgh')).toBe(`${MASK}ef ${MASK}`)
  })

  it('masks strings and keys deep within JSON values', () => {
    const masker = createMasker(['hunter22'])
    const value = { list: ['hunter22', 7, null, true], 'x-hunter22': { deep: 'a hunter22 b' } }
    const masked = { list: [MASK, 7, null, true], [`x-${MASK}`]: { deep: `a ${MASK} b` } }
    expect(masker.maskJson(value)).toEqual(masked)
  })

  it('refuses values under four characters without quoting them', () => {
    for (const value of ['', 'abc', '  xq ']) {
      const attempt = () => assertMaskable(value, 'db.password')
      expect(attempt).toThrow(/"db.password" must have at least 4 characters/)
      expect(() => createMasker([value])).toThrow(expect.objectContaining({ code: 'SECRET_TOO_SHORT' }))
    }
    try {
      assertMaskable('xqz')
    } catch (error) {
      expect(isAppError(error) && !error.message.includes('xqz')).toBe(true)
    }
    expect(() => assertMaskable('abcd')).not.toThrow()
  })

  it('never lets a value through, whatever stands around it', () => {
    fc.assert(
      fc.property(secrets, cramped(0, 8), cramped(0, 8), (values, before, after) => {
        const masker = createMasker(values)
        for (const value of values) {
          for (const form of [value, JSON.stringify(value).slice(1, -1), base64(value)]) {
            expect(masker.maskText(before + form + after)).not.toContain(form)
          }
        }
      }),
    )
  })

  it('masks a stream exactly as the whole text, wherever it is cut', () => {
    fc.assert(
      fc.property(
        secrets,
        fc.array(fc.oneof(cramped(0, 6), fc.nat(3)), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        (values, parts, sizes) => {
          const masker = createMasker(values)
          const text = parts
            .map((part) => (typeof part === 'number' ? (values[part % values.length] ?? '') : part))
            .join('')
          const stream = masker.stream()
          let masked = ''
          for (let index = 0, turn = 0; index < text.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1
            masked += stream.write(text.slice(index, index + size))
            index += size
          }
          expect(masked + stream.end()).toBe(masker.maskText(text))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('shows text that begins no secret at once', () => {
    const stream = createMasker(['hunter22']).stream()
    expect(stream.write('plain text, hun')).toBe('plain text, ')
    expect(stream.write('ter')).toBe('')
    expect(stream.write('22 and')).toBe(`${MASK} and`)
    expect(stream.end()).toBe('')
  })

  it('masks as a web stream', async () => {
    const source = new ReadableStream<string>({
      start(controller) {
        for (const chunk of ['pass=hun', 'ter', '22;', 'hunt']) controller.enqueue(chunk)
        controller.close()
      },
    })
    let text = ''
    for await (const chunk of source.pipeThrough(createMasker(['hunter22']).transform())) text += chunk
    expect(text).toBe(`pass=${MASK};hunt`)
  })

  // The test's time limit is the assertion: 2,000 steps for each of the million characters would take minutes.
  it('takes time linear in the text, for texts and values made to be slow', { timeout: 60_000 }, () => {
    const value = 'a'.repeat(2_000)
    const masker = createMasker([value, `${'a'.repeat(1_999)}b`])

    const masked = masker.maskText('a'.repeat(1_000_000))

    expect(masked).not.toContain('a')
  })
})
