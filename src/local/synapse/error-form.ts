import type { ErrorForm } from '../http/errors.ts'

/** Synapse's data plane words its errors flat: `{"code","message"}`, as recorded. */
export const synapseError: ErrorForm = ({ code, message }) => ({
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ code, message }),
})
