/** Change types that this engine runs. */
export const BUILT_CHANGES = ['sql', 'sqlFile', 'tagDatabase', 'empty'] as const
export type BuiltChange = (typeof BUILT_CHANGES)[number]

/** The other change types of Liquibase's published set: recognised, and refused by name before anything runs. */
const OTHER_CHANGES: ReadonlySet<string> = new Set(
  (
    'createTable dropTable renameTable setTableRemarks setColumnRemarks addColumn dropColumn renameColumn modifyDataType mergeColumns ' +
    'addDefaultValue dropDefaultValue addNotNullConstraint dropNotNullConstraint addPrimaryKey dropPrimaryKey addUniqueConstraint ' +
    'dropUniqueConstraint addForeignKeyConstraint dropForeignKeyConstraint dropAllForeignKeyConstraints addAutoIncrement addLookupTable ' +
    'createIndex dropIndex createView dropView renameView createProcedure dropProcedure createSequence alterSequence dropSequence ' +
    'renameSequence insert update delete loadData loadUpdateData executeCommand customChange output stop ' +
    'createFunction createTrigger createPackage createPackageBody dropFunction dropTrigger dropPackage dropPackageBody renameTrigger ' +
    'enableTrigger disableTrigger addCheckConstraint dropCheckConstraint enableCheckConstraint disableCheckConstraint markUnused'
  ).split(' '),
)

export function isBuiltChange(name: string): name is BuiltChange {
  return BUILT_CHANGES.some((built) => built === name)
}

export function isKnownChange(name: string): boolean {
  return isBuiltChange(name) || OTHER_CHANGES.has(name)
}
