/** Photos of a phone are made small enough for a thin link, and lose what a camera writes into them. */

/** The gateway takes 5 MiB; a village's link is the narrower limit. */
const MOST_BYTES = 700_000;
const STEPS: readonly [most_px: number, quality: number][] = [
  [1920, 0.82],
  [1600, 0.75],
  [1280, 0.7],
  [960, 0.6],
];

/** The size within `most` pixels on the longer side, in the same proportions. */
export function within(width: number, height: number, most: number): { width: number; height: number } {
  const scale = Math.min(1, most / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** A JPEG of the picture. Rejects when the browser cannot open it. */
export async function shrink(file: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  try {
    let smallest: Blob | null = null;
    for (const [most, quality] of STEPS) {
      smallest = await jpeg(bitmap, within(bitmap.width, bitmap.height, most), quality);
      if (smallest.size <= MOST_BYTES) break;
    }
    if (!smallest) throw new Error("no picture");
    return smallest;
  } finally {
    bitmap.close();
  }
}

function jpeg(bitmap: ImageBitmap, size: { width: number; height: number }, quality: number): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, size.width, size.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (made) => (made ? resolve(made) : reject(new Error("the picture cannot be coded"))),
      "image/jpeg",
      quality,
    ),
  );
}

/** Base64 without the head of a data URL. */
export function base64(bytes: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^data:[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(bytes);
  });
}
