interface Target {
  schema: string
  instance: string | undefined
}

/** YAML that a new pipeline begins with: preview, then apply, on one database. */
export function starterYaml({ org, project }: { org: string; project: string }, target: Target | undefined): string {
  const schema = target?.schema ?? 'my_schema'
  const instance = target?.instance ?? 'staging'
  return `pipeline:
  identifier: my_pipeline
  name: My pipeline
  orgIdentifier: ${org}
  projectIdentifier: ${project}
  stages:
    - stage:
        identifier: deliver
        name: Deliver
        type: Custom
        spec:
          execution:
            steps:
              - stepGroup:
                  identifier: database
                  name: Database
                  stepGroupInfra:
                    type: Process
                  steps:
                    # Shows the SQL that would run, and changes nothing.
                    - step:
                        identifier: preview
                        name: Preview
                        type: DBSchemaUpdateSQL
                        timeout: 10m
                        spec:
                          dbSchema: ${schema}
                          dbInstance: ${instance}
                    # Runs exactly what the preview showed.
                    - step:
                        identifier: apply
                        name: Apply
                        type: DBSchemaApply
                        timeout: 10m
                        spec:
                          dbSchema: ${schema}
                          dbInstance: ${instance}
`
}
