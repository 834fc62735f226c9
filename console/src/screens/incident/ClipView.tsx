/** The recording around an incident, with the boxes over it. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { client, need, ProblemError } from "../../api/client";
import type { Alarm, IncidentDetail } from "../../api/types";
import { useKeys } from "../../components/keys";
import { useSpeech } from "../../i18n/context";
import { problemText, seconds } from "../../i18n/format";
import type { ClipMarks } from "../../media/ClipPlayer";
import { Controls } from "./Controls";
import { alarmTracks, markedAlarms } from "./marked";
import { Timeline } from "./Timeline";
import { usePlayer } from "./usePlayer";

/** While the time after the event is still being recorded, ask again so often. */
const PENDING_MS = 5_000;

interface Props {
  incident: IncidentDetail;
  /** Which of its alarms; the first one if not given. */
  alarm: number | undefined;
  /** That alarm, where it was chosen from the list: the incident may have come without it. */
  shown: Alarm | undefined;
  active: boolean;
}

export function ClipView({ incident, alarm, shown, active }: Props) {
  const { t } = useSpeech();
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [boxes, setBoxes] = useState(true);

  const clip = useQuery({
    queryKey: ["clip", incident.id, alarm],
    queryFn: ({ signal }) => need(client.clip(incident.id, alarm, signal)),
    refetchInterval: (query) => (query.state.data?.pending ? PENDING_MS : false),
  });
  const pending = clip.data?.pending ?? false;
  const trace = useQuery({
    queryKey: ["trace", incident.id, alarm, clip.data?.end_ms],
    queryFn: ({ signal }) => need(client.trace(incident.id, alarm, signal)),
    placeholderData: (previous) => previous,
    enabled: clip.isSuccess,
  });
  const camera = useQuery({
    queryKey: ["camera", incident.camera],
    queryFn: ({ signal }) => need(client.camera(incident.camera ?? "", signal)),
    staleTime: 60_000,
    enabled: incident.camera !== undefined,
  });

  const { zones, lines } = camera.data ?? {};
  const { alarm_list } = incident;
  const alarms = useMemo(() => markedAlarms(alarm_list, shown), [alarm_list, shown]);
  const detail = incident.evidence?.detail;
  const alarmLine = detail?.of === "crossing" ? detail.line.id : undefined;
  const marks = useMemo<ClipMarks>(
    () => ({
      zones: zones ?? [],
      alarmZone: incident.evidence?.zone?.id,
      lines: lines ?? [],
      alarmLine,
      alarmTracks: alarmTracks(alarms),
      label: (box) => `${t.objectClass[box.class] ?? box.class} ${Math.round(box.confidence * 100)}%`,
    }),
    [zones, incident.evidence?.zone?.id, lines, alarmLine, alarms, t],
  );
  const { player, state } = usePlayer({ video, canvas }, clip.data, trace.data, marks);
  useEffect(() => player?.showBoxes(boxes), [player, boxes]);

  useKeys(
    {
      space: () => player?.toggle(),
      arrowleft: () => player?.stepFrame(-1),
      arrowright: () => player?.stepFrame(1),
      ",": () => player?.skip(-1),
      ".": () => player?.skip(1),
      b: () => player?.toAlarm(),
    },
    active,
  );

  const noClip = clip.error instanceof ProblemError ? clip.error.problem : null;
  const veil = noClip
    ? noClip.status === 404
      ? t.player.noClip
      : problemText(t, noClip)
    : state.failed === "quota"
      ? t.player.quota
      : state.failed === "media"
        ? t.player.failed
        : state.ready
          ? null
          : t.player.loading;
  return (
    <section className="clip card">
      <div className="picture">
        <video ref={video} muted playsInline preload="auto" data-testid="clip" />
        <canvas ref={canvas} data-boxes={state.boxes} />
        {veil !== null && (
          <div className="veil" role="status">
            {veil}
          </div>
        )}
        {pending && <div className="picture-note">{t.player.pending}</div>}
      </div>
      {clip.data && (
        <div className="clip-below">
          <Timeline
            clip={clip.data}
            alarms={alarms}
            position_s={state.position_s}
            duration_s={state.duration_s || clip.data.duration_s}
            onSeek={(s) => player?.seek(s)}
          />
          <Controls player={player} state={state} boxes={boxes} onBoxes={setBoxes} />
          <ClipNotes
            gaps={clip.data.gaps.map((gap) =>
              t.player.gap(seconds(t, (gap.to_ms - gap.from_ms) / 1000), t.gapCause[gap.cause] ?? gap.cause),
            )}
            noTrace={trace.isSuccess && trace.data.length === 0 && !pending}
          />
        </div>
      )}
    </section>
  );
}

function ClipNotes({ gaps, noTrace }: { gaps: string[]; noTrace: boolean }) {
  const { t } = useSpeech();
  if (gaps.length === 0 && !noTrace) return null;
  return (
    <ul className="clip-notes">
      {gaps.map((words) => (
        <li key={words} className="clip-gap">
          {words}
        </li>
      ))}
      {noTrace && <li>{t.player.noTrace}</li>}
    </ul>
  );
}
