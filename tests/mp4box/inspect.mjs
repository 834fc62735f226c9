// Reads an MP4 file with mp4box.js (GPAC's parser, not ours) and holds it against ISO/IEC 14496-12. One JSON object on
// stdout: what is in the file, and every complaint, the parser's own first.
import { readFileSync } from 'node:fs'
import { DataStream, Log, createFile } from 'mp4box'

const path = process.argv[2]
const complaints = []
const note = (condition, text) => condition || complaints.push(text)

// The parser warns on the console: unknown boxes, bytes that a box does not explain, boxes that are there twice.
// That a fragmented file has a prft before each moof is news to its own bookkeeping and nothing else.
// G.711 (QuickTime's `alaw`, `ulaw`) is a coding that it has no class for; it reads the entry as bytes.
const isKnown = (text) =>
  text.includes('Found multiple boxes of type prft') || /Unknown sample entry type: '[au]law'/.test(text)
for (const level of ['warn', 'error']) {
  console[level] = (...words) => isKnown(words.join(' ')) || complaints.push(words.slice(1).join(' '))
}
Log.setLogLevel(Log.warn)

const bytes = readFileSync(path)
const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
buffer.fileStart = 0
const file = createFile(true)
file.onError = (module, message) => complaints.push(`${module}: ${message}`)
let info
file.onReady = (found) => {
  info = found
}
file.appendBuffer(buffer)
file.flush()

// Boxes that follow one another fill the file, and each is written back as it was read.
let end = 0
for (const box of file.boxes) {
  note(box.start === end, `${box.type} begins at ${box.start}, the box before ends at ${end}`)
  end = box.start + box.size
}
note(end === bytes.length, `the boxes end at ${end}, the file at ${bytes.length}`)
for (const box of file.boxes.filter((box) => box.type !== 'mdat')) {
  const stream = new DataStream()
  box.write(stream)
  const written = Buffer.from(stream.buffer)
  // Its writer leaves reserved bits of hvcC at 0 that ISO/IEC 14496-15 8.3.2.1.2 wants at 1; also in others' files.
  for (let at = written.indexOf('hvcC'); at >= 0; at = written.indexOf('hvcC', at + 4)) written[at + 17] |= 0xf0
  const read = bytes.subarray(box.start, box.start + box.size)
  note(written.equals(read), `${box.type} at ${box.start} is written back as other bytes`)
}

const payloads = file.boxes
  .filter((box) => box.type === 'mdat')
  .map((box) => ({ from: box.start + box.hdr_size, to: box.start + box.size }))
const tracks = (info?.tracks ?? []).map((track) => {
  const trak = file.getTrackById(track.id)
  const samples = file.getTrackSamplesInfo(track.id)
  const where = (sample) => `track ${track.id}, sample ${sample.number}`
  let next
  for (const sample of samples) {
    note(sample.size > 0 && sample.duration > 0, `${where(sample)}: size ${sample.size}, duration ${sample.duration}`)
    note(next === undefined || sample.dts === next, `${where(sample)}: decoded at ${sample.dts}, not at ${next}`)
    next = sample.dts + sample.duration
    const inside = payloads.some(({ from, to }) => from <= sample.offset && sample.offset + sample.size <= to)
    note(inside, `${where(sample)}: outside of every mdat`)
    if (!track.video) continue
    // Length-prefixed NAL units, to the last byte (ISO/IEC 14496-15).
    let at = sample.offset
    while (at + 4 <= sample.offset + sample.size) at += 4 + bytes.readUInt32BE(at)
    note(at === sample.offset + sample.size, `${where(sample)}: no chain of NAL units`)
  }
  note(samples[0]?.is_sync, `track ${track.id} does not begin with a sync sample`)
  const shown = samples.map((sample) => sample.cts)
  note(new Set(shown).size === shown.length, `track ${track.id} shows two samples at one time`)
  return {
    kind: track.video ? 'video' : track.type,
    codec: track.codec,
    width: track.video?.width,
    height: track.video?.height,
    timescale: trak.mdia.mdhd.timescale,
    samples: samples.length,
    syncs: samples.filter((sample) => sample.is_sync).length,
    bytes: samples.reduce((sum, sample) => sum + sample.size, 0),
    duration: samples.reduce((sum, sample) => sum + sample.duration, 0),
  }
})
const used = tracks.reduce((sum, track) => sum + track.bytes, 0)
const carried = payloads.reduce((sum, { from, to }) => sum + to - from, 0)
note(used === carried, `samples use ${used} bytes of ${carried} in mdat`)
const fragments = file.boxes.filter((box) => box.type === 'moof')
fragments.forEach((box, n) => {
  const number = box.mfhd.sequence_number
  note(number === n + 1, `moof ${n} has sequence number ${number}`)
})
process.stdout.write(JSON.stringify({ tracks, boxes: [...new Set(file.boxes.map((box) => box.type))], complaints }))
