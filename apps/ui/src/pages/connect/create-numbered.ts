import { ApiProblem } from '../../api/problem.ts'
import { numberedIdentifier } from '../../design/identifier.ts'

const TRIES = 30

/**
 * Creates something under an identifier that nobody has chosen by hand: one that is taken is numbered.
 * @throws ApiProblem of the first failure that is another one, or DUPLICATE_IDENTIFIER where `isOwn`
 */
export async function createNumbered<Made>(
  wanted: string,
  isOwn: boolean,
  create: (identifier: string) => Promise<Made>,
): Promise<Made> {
  for (let number = 1; ; number++) {
    try {
      // Whether the next is tried depends on this one.
      // oxlint-disable-next-line no-await-in-loop
      return await create(numberedIdentifier(wanted, number))
    } catch (error) {
      const isTaken = error instanceof ApiProblem && error.code === 'DUPLICATE_IDENTIFIER'
      if (!isTaken || isOwn || number === TRIES) throw error
    }
  }
}
