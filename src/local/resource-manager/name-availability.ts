/** Whether a name is free for an account, a namespace or a workspace: in this cloud, which has one of each. */
import { readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import { LOCAL_NAMES } from '../runtime/options.ts'

interface Names {
  provider: string
  /** The type that a request names; undefined where it names none. */
  type?: string
  taken: string
  form: RegExp
  /** As this provider answers. */
  answer: (name: string, state: 'free' | 'taken' | 'invalid') => object
}

const ALL: readonly Names[] = [
  {
    provider: 'Microsoft.Storage',
    type: 'Microsoft.Storage/storageAccounts',
    taken: LOCAL_NAMES.account,
    form: /^[a-z0-9]{3,24}$/,
    answer: (name, state) =>
      state === 'free'
        ? { nameAvailable: true }
        : state === 'taken'
          ? {
              nameAvailable: false,
              reason: 'AlreadyExists',
              message: `The storage account named ${name} is already taken.`,
            }
          : {
              nameAvailable: false,
              reason: 'AccountNameInvalid',
              message: `${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.`,
            },
  },
  {
    provider: 'Microsoft.EventHub',
    taken: LOCAL_NAMES.namespace,
    form: /^[a-z](?:[a-z0-9-]{4,48})[a-z0-9]$/i,
    answer: (_, state) =>
      state === 'free'
        ? { nameAvailable: true, reason: 'None', message: '' }
        : {
            nameAvailable: false,
            reason: state === 'taken' ? 'NameInUse' : 'InvalidName',
            message: 'The specified name is not available.',
          },
  },
  {
    provider: 'Microsoft.Synapse',
    type: 'Microsoft.Synapse/workspaces',
    taken: LOCAL_NAMES.synapseWorkspace,
    form: /^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?$/,
    answer: (name, state) => ({
      name,
      available: state === 'free',
      ...(state === 'taken' && {
        reason: 'AlreadyExists',
        message: `Workspace name ${name} already exists.`,
      }),
      ...(state === 'invalid' && { reason: 'Invalid', message: `Workspace name ${name} is not valid.` }),
    }),
  },
]

/** @param check of what every request must have. */
export const nameRoutes = (subscription: string, check: (call: Call) => void): Route[] =>
  ALL.map(({ provider, type, taken, form, answer }) => ({
    method: 'POST',
    pattern: `${subscription}/providers/${provider}/checkNameAvailability`,
    handle: async (call) => {
      check(call)
      const { name, type: asked } = await readJson(call.request)
      if (typeof name !== 'string' || name === '') throw badRequest('name is missing.')
      if (type !== undefined && String(asked).toLowerCase() !== type.toLowerCase())
        throw badRequest(`type must be ${type}.`)
      const isTaken = name.toLowerCase() === taken.toLowerCase()
      return { body: answer(name, isTaken ? 'taken' : form.test(name) ? 'free' : 'invalid') }
    },
  }))

const badRequest = (message: string) => new HttpError(400, 'BadRequest', message)
