/** The rows of the strip and the list of cameras, both from `GET /timeline`. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { need } from "../../api/client";
import { recordings, type Stream, type TimelineRow } from "../../api/recordings";
import { DAY } from "../../timeline/scale";

const BINS = 2_000;
/** A hundred rows need no finer marks than the screen has pixels. */
const OVERVIEW_BINS = 1_000;
const REFRESH_MS = 10_000;
const LIST_REFRESH_MS = 60_000;

/** Every camera that the viewer may list, with its oldest and newest footage and the gateway's time. */
export function useCameraList() {
  return useQuery({
    queryKey: ["timeline", "list"],
    queryFn: async ({ signal }) => {
      const to_ms = Date.now();
      const asked = performance.now();
      const timeline = await need(recordings.timeline({ from_ms: to_ms - DAY, to_ms, bins: 1 }, signal));
      // Half of the way there and back: near enough for a clock that is compared with whole seconds.
      const skew_ms = timeline.now_ms + (performance.now() - asked) / 2 - Date.now();
      return { rows: timeline.rows, skew_ms };
    },
    refetchInterval: LIST_REFRESH_MS,
  });
}

interface RowsAsk {
  ask: { from_ms: number; to_ms: number } | null;
  /** All cameras when not given. */
  cameras: readonly string[] | undefined;
  stream: Stream;
  now: () => number;
}

export function useTimelineRows({ ask, cameras, stream, now }: RowsAsk, list: readonly TimelineRow[]) {
  const query = useQuery({
    queryKey: ["timeline", "rows", ask, cameras?.join(), stream],
    queryFn: ({ signal }) => {
      const { from_ms, to_ms } = ask ?? { from_ms: 0, to_ms: 1 };
      const bins = cameras ? BINS : OVERVIEW_BINS;
      return need(recordings.timeline({ from_ms, to_ms, cameras, bins, stream }, signal));
    },
    enabled: ask !== null && (cameras === undefined || cameras.length > 0),
    placeholderData: keepPreviousData,
    // Only what still grows changes.
    refetchInterval: () => (ask !== null && ask.to_ms > now() - REFRESH_MS ? REFRESH_MS : false),
  });
  const rows = useMemo(() => {
    const found = query.data?.rows ?? [];
    const wanted = cameras ?? list.map((row) => row.camera);
    // A camera without an answer yet is drawn empty rather than left out, so that rows do not jump.
    return wanted.flatMap((camera) => {
      const row = found.find((r) => r.camera === camera) ?? bare(list.find((r) => r.camera === camera));
      return row ? [row] : [];
    });
  }, [query.data, cameras, list]);
  return { rows, query };
}

function bare(row: TimelineRow | undefined): TimelineRow | undefined {
  return row && { ...row, recorded: [], gaps: [], alarms: [], holds: [] };
}
