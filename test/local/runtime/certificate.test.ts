import { createPrivateKey, X509Certificate } from 'node:crypto'
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

it('signs it with its own key, once for each', async () => {
  const { key, cert } = await createCertificate()
  const parsed = new X509Certificate(cert)
  expect(parsed.verify(parsed.publicKey)).toBe(true)
  expect(parsed.checkPrivateKey(createPrivateKey(key))).toBe(true)
  expect(parsed.issuer).toBe(parsed.subject)
  expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  const other = new X509Certificate((await createCertificate()).cert)
  expect(other.subject).not.toBe(parsed.subject)
  expect(other.serialNumber).not.toBe(parsed.serialNumber)
  expect(parsed.serialNumber).toMatch(/^[4-7]/)
})

it('never makes the same key twice', async () => {
  const [one, two] = await Promise.all([createCertificate(), createCertificate()])
  expect(one.key).not.toBe(two.key)
})
