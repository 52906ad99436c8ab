/** What the server of these pages says of itself; nothing where it is a plain file server. */
import type { SiteInfo } from '../../shared/site-info.js';

export async function readSiteInfo(signal?: AbortSignal): Promise<SiteInfo | undefined> {
  try {
    const response = await fetch('site.json', { signal });
    return response.ok ? ((await response.json()) as SiteInfo) : undefined;
  } catch {
    return undefined;
  }
}
