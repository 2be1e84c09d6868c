// What more than one template takes.

@export()
@description('Tags of every resource; azd finds its own by the first.')
type Tags = {
  'azd-env-name': string
  *: string
}
