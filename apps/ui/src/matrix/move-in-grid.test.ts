import { expect, test } from 'vitest'
import { moveInGrid } from './move-in-grid.ts'

const SIZE = { rows: 5_000, columns: 50 }
const at = (row: number, column: number) => ({ row, column })
const press = (key: string, ctrlKey = false) => ({ key, ctrlKey })

test('arrows go by one and stop at the edges; above the first row is the header', () => {
  expect(moveInGrid(at(0, 0), press('ArrowLeft'), SIZE)).toEqual(at(0, 0))
  expect(moveInGrid(at(0, 0), press('ArrowUp'), SIZE)).toEqual(at(-1, 0))
  expect(moveInGrid(at(-1, 0), press('ArrowUp'), SIZE)).toEqual(at(-1, 0))
  expect(moveInGrid(at(4_999, 49), press('ArrowDown'), SIZE)).toEqual(at(4_999, 49))
  expect(moveInGrid(at(7, 3), press('ArrowRight'), SIZE)).toEqual(at(7, 4))
})

test('Home and End go along the row, with Control to the corners', () => {
  expect(moveInGrid(at(7, 3), press('End'), SIZE)).toEqual(at(7, 49))
  expect(moveInGrid(at(7, 3), press('Home', true), SIZE)).toEqual(at(0, 0))
  expect(moveInGrid(at(7, 3), press('End', true), SIZE)).toEqual(at(4_999, 49))
})

test('other keys mean nothing', () => {
  expect(moveInGrid(at(0, 0), press('a'), SIZE)).toBeUndefined()
})
