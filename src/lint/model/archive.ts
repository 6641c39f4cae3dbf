const BLOCK = 512;
const CHECKSUM = 148;

/** How many bytes tell a packed environment. */
export const ARCHIVE_HEAD_BYTES = BLOCK;

/** First bytes of a gzip. */
const GZIP = Buffer.from([0x1f, 0x8b]);

/** Whether a file may be what the python backend unpacks, by its first bytes: a tar, with gzip or without. */
export function mayBeArchive(head: Uint8Array): boolean {
  return GZIP.equals(head.subarray(0, GZIP.length)) || isTar(head);
}

/** The first block of a tar has the sum of its own bytes in it, with that sum as spaces; the last ones have nothing. */
function isTar(head: Uint8Array): boolean {
  if (head.length < BLOCK) return false;
  const field = Buffer.from(head.subarray(CHECKSUM, CHECKSUM + 8)).toString("latin1");
  const sum = head.reduce((total, byte, at) => total + (at >= CHECKSUM && at < CHECKSUM + 8 ? 32 : byte), 0);
  return Number.parseInt(field.replaceAll("\0", " ").trim(), 8) === sum || head.every((byte) => byte === 0);
}
