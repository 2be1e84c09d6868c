/** The body of a reading as a foreign client sends it. */
export const readingOf = (eventId: string, device: string, number: number) => ({
  eventId,
  deviceId: device,
  deviceSequenceNumber: number,
  city: 'Bern',
  temperature: 12,
  humidity: 60,
  timestamp: '2026-11-24 12:00:00',
  createdAt: new Date().toISOString(),
})
