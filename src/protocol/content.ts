import type { ContentBlock, ReadResourceResult } from '@modelcontextprotocol/sdk/types.js';
import type { Attachment, Link } from '../capability/define.js';
import { showUnseenIn } from '../visible-text.js';

/** Text or an attachment as MCP's content blocks (specification 2025-11-25, server/tools: tool result). */
export function toContent(item: string | Attachment): ContentBlock {
  if (typeof item === 'string') return { type: 'text', text: item };
  if (item.kind === 'link') {
    const { kind: _, ...link } = item;
    return { type: 'resource_link', ...link };
  }
  if (item.kind !== 'document') return { type: item.kind, mimeType: item.mimeType, data: item.base64 };
  const { uri, mimeType, text } = item;
  return { type: 'resource', resource: { uri, mimeType, text: showUnseenIn(text) } };
}

/** An attachment as what is read at a resource's address (specification 2025-11-25, server/resources: resource contents). */
export function toResourceContents(
  uri: string,
  item: Exclude<Attachment, Link>,
): ReadResourceResult['contents'][number] {
  const { mimeType } = item;
  return item.kind === 'document'
    ? { uri, mimeType, text: showUnseenIn(item.text) }
    : { uri, mimeType, blob: item.base64 };
}
