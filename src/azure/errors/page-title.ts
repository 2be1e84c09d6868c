/** Errors that come as a page, from what stands before a service: a gateway, a load balancer, a proxy. */

/** @returns the title, else the first heading, of a page in HTML; undefined for anything else, and for a page with neither. */
export function pageTitle(text: string): string | undefined {
  if (!/^\s*<(?:!doctype|html|head|body|h\d)\b/i.test(text)) return undefined
  const found = /<title>([^<]*)<\/title>/i.exec(text) ?? /<h[1-3][^>]*>([^<]*)<\/h[1-3]>/i.exec(text)
  return found?.[1]?.replace(/\s+/g, ' ').trim() || undefined
}
