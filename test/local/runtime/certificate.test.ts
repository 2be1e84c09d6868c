import { X509Certificate } from 'node:crypto'
import { expect, it } from 'vitest'
import { createCertificate } from '../../../src/local/runtime/certificate.ts'

it('makes a certificate for the three names of loopback, no authority, valid at the clock of now', async () => {
  const now = Date.UTC(2030, 0, 15)
  const { key, cert } = await createCertificate({ now: () => now })
  const parsed = new X509Certificate(cert)
  for (const host of ['localhost']) expect(parsed.checkHost(host)).toBe(host)
  for (const ip of ['127.0.0.1', '::1']) expect(parsed.checkIP(ip)).toBe(ip)
  expect(parsed.checkHost('example.com')).toBeUndefined()
  expect(parsed.ca).toBe(false)
  expect(parsed.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
  expect(parsed.validFromDate.getTime()).toBeLessThan(now)
  expect(parsed.validToDate.getTime()).toBeGreaterThan(now)
  expect(key).toContain('PRIVATE KEY')
})

it('never makes the same key twice', async () => {
  const [one, two] = await Promise.all([createCertificate(), createCertificate()])
  expect(one.key).not.toBe(two.key)
})
