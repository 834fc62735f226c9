/**
 * What this browser can really decode. Its own claims are only the first sieve: some say yes to H.265 and then show
 * nothing, so a stream that failed to give a picture is remembered for the rest of the visit.
 */
const undecodable = new Set<string>();

/** Recordings are given to the browser piece by piece, so what it could play from a file does not count. */
const claimsToPlay = (mime: string): boolean =>
  typeof MediaSource !== "undefined" && MediaSource.isTypeSupported(mime);

export const canDecode = (mime: string): boolean => !isUndecodable(mime) && claimsToPlay(mime);

/** Whether real bytes of this kind gave no picture before. */
export const isUndecodable = (mime: string): boolean => undecodable.has(mime);

/** Real bytes of this kind gave no picture. */
export function rememberUndecodable(mime: string): void {
  undecodable.add(mime);
}

/** The codec string of a fragmented H.264 file, from the `avcC` box of its first bytes; null while it is not there. */
export function codecOfInit(bytes: Uint8Array): string | null {
  for (let i = 0; i + 8 <= bytes.length; i++) {
    // "avcC", then configurationVersion, profile, compatibility, level (ISO 14496-15 §5.3.3.1).
    if (bytes[i] === 0x61 && bytes[i + 1] === 0x76 && bytes[i + 2] === 0x63 && bytes[i + 3] === 0x43) {
      const hex = [...bytes.subarray(i + 5, i + 8)].map((b) => b.toString(16).padStart(2, "0")).join("");
      return hex.length === 6 ? `avc1.${hex}` : null;
    }
  }
  return null;
}
