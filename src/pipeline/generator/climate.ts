/** Rough climates of well-known cities, so that charts look like weather: annual mean, season, day, humidity. */

/** One site, from which its weather is computed. */
export interface Climate {
  city: string
  /** Degrees, north positive: decides which half of the year is warm. */
  latitude: number
  /** Degrees, east positive: local solar time. */
  longitude: number
  /** Annual mean, °C. */
  mean: number
  /** Half the difference between the warmest and the coldest month, °C. */
  seasonal: number
  /** Half the difference between afternoon and early morning, °C. */
  daily: number
  /** Mean relative humidity, %. */
  humidity: number
}

const row = (
  city: string,
  latitude: number,
  longitude: number,
  mean: number,
  seasonal: number,
  daily: number,
  humidity: number,
): Climate => ({ city, latitude, longitude, mean, seasonal, daily, humidity })

/** Rounded from published climate normals; a demo's weather, not a forecaster's. */
export const CLIMATES: readonly Climate[] = [
  row('Amsterdam', 52.4, 4.9, 10.5, 7.5, 3.5, 80),
  row('Aswan', 24.1, 32.9, 26.8, 9.2, 8.0, 24),
  row('Athens', 38.0, 23.7, 18.9, 9.6, 4.5, 61),
  row('Bangkok', 13.8, 100.5, 28.9, 1.8, 4.5, 73),
  row('Berlin', 52.5, 13.4, 10.0, 9.8, 4.5, 74),
  row('Bogotá', 4.7, -74.1, 14.1, 0.5, 5.5, 78),
  row('Cairo', 30.0, 31.2, 22.1, 7.5, 6.0, 54),
  row('Cape Town', -33.9, 18.4, 17.3, 4.4, 4.5, 70),
  row('Dubai', 25.2, 55.3, 28.2, 8.5, 5.5, 58),
  row('Helsinki', 60.2, 24.9, 6.5, 11.8, 3.5, 79),
  row('Lima', -12.0, -77.0, 19.6, 3.6, 2.8, 83),
  row('London', 51.5, -0.1, 11.6, 6.9, 3.6, 76),
  row('Madrid', 40.4, -3.7, 15.5, 9.8, 6.0, 56),
  row('Melbourne', -37.8, 145.0, 15.4, 5.3, 5.0, 66),
  row('Mumbai', 19.1, 72.9, 27.7, 2.9, 4.0, 74),
  row('Nairobi', -1.3, 36.8, 19.0, 1.6, 5.5, 70),
  row('New York', 40.7, -74.0, 13.0, 12.2, 4.2, 63),
  row('Oslo', 59.9, 10.8, 7.0, 11.2, 4.0, 74),
  row('Reykjavík', 64.1, -21.9, 5.2, 5.6, 2.2, 78),
  row('São Paulo', -23.5, -46.6, 20.1, 3.2, 4.8, 78),
  row('Singapore', 1.4, 103.8, 27.8, 0.7, 3.6, 82),
  row('Sydney', -33.9, 151.2, 18.3, 5.2, 4.0, 65),
  row('Tokyo', 35.7, 139.7, 15.8, 10.8, 3.8, 65),
  row('Tromsø', 69.6, 19.0, 3.2, 8.2, 2.0, 77),
]

const DAY_MS = 86_400_000
const YEAR_DAYS = 365.25
const TAU = 2 * Math.PI
/** Warmest around 20 July in the north, and at three in the afternoon by the sun. */
const WARMEST_DAY = 200
const WARMEST_HOUR = 15

/** Where a station stands within its city's weather. */
export interface Site {
  climate: Climate
  /** °C and % by which it differs from the city. */
  temperatureOffset: number
  humidityOffset: number
  /** 0..1; shifts the station's slow weather against that of others. */
  phase: number
}

/** Whole °C and % at a time (epoch ms): season + hour of the day + slow changes of the weather. */
export function weatherAt(site: Site, time: number): { temperature: number; humidity: number } {
  const { climate, phase } = site
  const days = time / DAY_MS
  const hemisphere = climate.latitude < 0 ? Math.PI : 0
  const season = climate.seasonal * Math.cos((TAU * (days - WARMEST_DAY)) / YEAR_DAYS + hemisphere)
  const solarHour = ((days % 1) * 24 + climate.longitude / 15 + 24) % 24
  const day = climate.daily * Math.cos((TAU * (solarHour - WARMEST_HOUR)) / 24)
  // Two waves of incommensurable length look like passing weather: a front of days, a breeze of minutes.
  const slow = 2.2 * Math.sin(TAU * (days / 3.7 + phase)) + 0.8 * Math.sin(TAU * (days * 97.3 + phase * 7))
  const temperature = Math.round(climate.mean + season + day + slow + site.temperatureOffset)
  const dampness = climate.humidity - 1.8 * day - 2.5 * slow + site.humidityOffset
  return { temperature, humidity: Math.min(100, Math.max(3, Math.round(dampness))) }
}
