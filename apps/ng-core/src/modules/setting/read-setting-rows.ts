import type { SettingRow } from '@sluice/contracts/settings'
import type { Tx } from '../../deps.ts'

/** Settings that somebody set anywhere in an account; few. */
export async function readSettingRows(tx: Tx, accountId: string): Promise<SettingRow[]> {
  return tx.setting.findMany({
    where: { accountId },
    select: { orgIdentifier: true, projectIdentifier: true, identifier: true, value: true, allowOverrides: true },
  })
}
