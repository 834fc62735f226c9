/** What a grid worker sees on their round: reported in a minute, once, from a thin link. */
import { AimOutlined, CheckCircleFilled } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { freshKey } from "../../actions/command";
import { need } from "../../api/client";
import { phone, type Reported } from "../../api/phone";
import { useViewer } from "../../api/session";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { dropReport, keepReport, keptReport, type ReportDraft } from "./keep";
import { OwnReports } from "./OwnReports";
import { Photos } from "./Photos";
import { classesOf, missingIn, reportOf } from "./report";
import { base64 } from "./shrink";
import { useCentre } from "./useCentre";

const KEEP_AFTER_MS = 300;
const MOST_PHOTOS = 6;

const blank = (): ReportDraft => ({ key: freshKey(), what: "", place: "", phone: "", photos: [] });

export function ReportPage() {
  const { t } = useSpeech();
  const viewer = useViewer();
  const [kept, setKept] = useState<ReportDraft | null>(null);
  useEffect(() => {
    keptReport(viewer.id)
      .catch(() => undefined)
      .then((draft) => setKept(draft ?? blank()));
  }, [viewer.id]);
  const areas = useQuery({
    queryKey: ["report", "areas"],
    queryFn: ({ signal }) => need(phone.reportAreas(signal)),
    staleTime: 10 * 60_000,
  });
  const centre = useCentre();
  if (areas.isError) {
    return <Trouble title={t.gridReport.title} error={areas.error} onRetry={() => areas.refetch()} />;
  }
  if (!areas.data || !kept || centre.isLoading) return <Loading />;
  if (areas.data.length === 0) return <Trouble title={t.gridReport.noAreas} />;
  return (
    <div className="phone-page">
      <ReportForm key={kept.key} first={kept} areas={areas.data} onNew={() => setKept(blank())} />
      <OwnReports />
    </div>
  );
}

interface FormProps {
  first: ReportDraft;
  areas: readonly { id: string; name: string }[];
  onNew: () => void;
}

function ReportForm({ first, areas, onNew }: FormProps) {
  const { t, time } = useSpeech();
  const { message, modal } = App.useApp();
  const viewer = useViewer();
  const queries = useQueryClient();
  const { classes, className, unitKind } = useCentre();
  const [draft, setDraft] = useState<ReportDraft>(() =>
    first.area === undefined && areas.length === 1 ? { ...first, area: areas[0]?.id } : first,
  );
  const { usual, rare } = classesOf(classes);
  const [all, setAll] = useState(() => rare.some((one) => one.id === first.class));
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(false);
  const [taken, setTaken] = useState<Reported | null>(null);
  const sending = useRef(false);
  const later = useRef<ReturnType<typeof setTimeout>>(undefined);

  const edit = (change: Partial<ReportDraft>) => setDraft((draft) => ({ ...draft, ...change }));
  const keep = (draft: ReportDraft) =>
    keepReport(viewer.id, draft).catch(() => void message.warning(t.phone.full, 6));
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another draft is a reason to keep it again.
  useEffect(() => {
    if (draft === first || taken) return;
    later.current = setTimeout(() => void keep(draft), KEEP_AFTER_MS);
    return () => clearTimeout(later.current);
  }, [draft, first, taken]);

  const send = async () => {
    // A second tap comes before the first one's state does.
    if (sending.current) return;
    setAsked(true);
    if (missingIn(draft) !== null) return;
    sending.current = true;
    setBusy(true);
    try {
      const files = draft.photos.map(async ({ name, bytes }) => ({ name, base64: await base64(bytes) }));
      const facts = {
        className: className(draft.class ?? ""),
        source: viewer.unit !== undefined && unitKind(viewer.unit) === "team" ? "patrol" : "grid",
      } as const;
      // What went out before goes out again as it was: the same number, the same content, one incident.
      const report = draft.sent ?? reportOf(draft, await Promise.all(files), facts);
      const going = { ...draft, sent: report };
      // What was typed last is in it: kept later, it would hide that this has gone out.
      clearTimeout(later.current);
      await keep(going);
      const answer = await phone.report(report);
      if (answer.kind === "ok") {
        await dropReport(viewer.id).catch(() => undefined);
        setTaken(answer.value);
        void queries.invalidateQueries({ queryKey: ["report", "own"] });
      } else if (answer.kind === "error" && (answer.problem.status === 0 || answer.problem.status >= 500)) {
        setDraft({ ...going, lost_ms: Date.now() });
      } else {
        // A clear no: nothing has come of this number.
        setDraft({ ...draft, sent: undefined, lost_ms: undefined, key: freshKey() });
        if (answer.kind === "error") message.error(problemText(t, answer.problem), 8);
      }
    } finally {
      sending.current = false;
      setBusy(false);
    }
  };
  const drop = () =>
    modal.confirm({
      title: t.gridReport.dropAsk,
      okText: t.phone.drop,
      okButtonProps: { danger: true },
      onOk: async () => {
        await dropReport(viewer.id).catch(() => undefined);
        onNew();
      },
    });

  if (taken) return <Taken reported={taken} onNew={onNew} />;
  const isLost = draft.sent !== undefined;
  const locked = busy || isLost;
  const missing = asked ? missingIn(draft) : null;
  return (
    <section className="phone-card report">
      <h1>{t.gridReport.title}</h1>
      <fieldset className="choices" disabled={locked}>
        <legend>{t.gridReport.class}</legend>
        {(all ? [...usual, ...rare] : usual).map((one) => (
          <button
            type="button"
            key={one.id}
            aria-pressed={one.id === draft.class}
            onClick={() => edit({ class: one.id })}
          >
            {className(one.id)}
          </button>
        ))}
        {!all && rare.length > 0 && (
          <button type="button" className="choices-more" onClick={() => setAll(true)}>
            {t.gridReport.moreClasses}
          </button>
        )}
      </fieldset>
      {missing === "class" && <Missing words={t.gridReport.needClass} />}
      <label htmlFor="report-area">{t.gridReport.area}</label>
      <select
        id="report-area"
        value={draft.area ?? ""}
        disabled={locked}
        onChange={(event) => edit({ area: event.target.value || undefined })}
      >
        <option value="">—</option>
        {areas.map((area) => (
          <option key={area.id} value={area.id}>
            {area.name}
          </option>
        ))}
      </select>
      {missing === "area" && <Missing words={t.gridReport.needArea} />}
      <label htmlFor="report-what">{t.gridReport.what}</label>
      <textarea
        id="report-what"
        rows={4}
        maxLength={4_000}
        value={draft.what}
        disabled={locked}
        placeholder={t.gridReport.whatHint}
        onChange={(event) => edit({ what: event.target.value })}
      />
      {missing === "what" && <Missing words={t.gridReport.needWhat} />}
      <span className="report-label">{t.gridReport.photos}</span>
      <Photos
        photos={draft.photos}
        most={MOST_PHOTOS}
        disabled={locked}
        onChange={(photos) => edit({ photos })}
      />
      <label htmlFor="report-place">{t.gridReport.place}</label>
      <input
        id="report-place"
        maxLength={200}
        value={draft.place}
        disabled={locked}
        placeholder={t.gridReport.placeHint}
        onChange={(event) => edit({ place: event.target.value })}
      />
      <Locate draft={draft} disabled={locked} onChange={(position) => edit({ position })} />
      <label htmlFor="report-phone">{t.gridReport.phone}</label>
      <input
        id="report-phone"
        type="tel"
        autoComplete="tel"
        maxLength={40}
        value={draft.phone}
        disabled={locked}
        onChange={(event) => edit({ phone: event.target.value })}
      />
      {isLost && !busy && (
        <div className="unsent" role="alert">
          <b>
            {t.gridReport.lost} {draft.lost_ms !== undefined && time.minute(draft.lost_ms)}
          </b>
          <span>{t.gridReport.lostHint}</span>
        </div>
      )}
      <div className="work-do">
        {isLost && (
          <Button className="work-more" disabled={busy} onClick={drop}>
            {t.phone.drop}
          </Button>
        )}
        <Button className="work-main" type="primary" loading={busy} onClick={() => void send()}>
          {busy ? t.phone.sending : isLost ? t.phone.resend : t.gridReport.send}
        </Button>
      </div>
    </section>
  );
}

function Missing({ words }: { words: string }) {
  return (
    <p role="alert" className="form-missing">
      {words}
    </p>
  );
}

function Taken({ reported, onNew }: { reported: Reported; onNew: () => void }) {
  const { t } = useSpeech();
  return (
    <section className="phone-card taken" role="status">
      <CheckCircleFilled aria-hidden="true" />
      <h1>{t.gridReport.taken}</h1>
      <p className="taken-number">{t.gridReport.number(reported.number)}</p>
      {!reported.new && <p className="muted">{t.gridReport.takenBefore}</p>}
      <Button size="large" type="primary" block onClick={onNew}>
        {t.gridReport.another}
      </Button>
    </section>
  );
}

const LOCATE_MS = 20_000;

interface LocateProps {
  draft: ReportDraft;
  disabled: boolean;
  onChange: (position: ReportDraft["position"]) => void;
}

function Locate({ draft, disabled, onChange }: LocateProps) {
  const { t } = useSpeech();
  const [state, setState] = useState<"idle" | "asking" | "failed" | "denied">("idle");
  if (!window.isSecureContext || !navigator.geolocation) {
    return <p className="phone-note">{t.gridReport.insecure}</p>;
  }
  const ask = () => {
    setState("asking");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setState("idle");
        const { latitude, longitude, accuracy } = coords;
        onChange({ latitude, longitude, accuracy_m: Math.round(accuracy) });
      },
      (error) => setState(error.code === error.PERMISSION_DENIED ? "denied" : "failed"),
      { enableHighAccuracy: true, timeout: LOCATE_MS, maximumAge: 30_000 },
    );
  };
  const { position } = draft;
  return (
    <div className="locate">
      {position && (
        <span>
          {t.gridReport.located(
            position.latitude.toFixed(5),
            position.longitude.toFixed(5),
            position.accuracy_m,
          )}
        </span>
      )}
      <span className="locate-do">
        <Button
          size="large"
          icon={<AimOutlined />}
          disabled={disabled}
          loading={state === "asking"}
          onClick={ask}
        >
          {state === "asking" ? t.gridReport.locating : t.gridReport.locate}
        </Button>
        {position && (
          <Button size="large" type="text" disabled={disabled} onClick={() => onChange(undefined)}>
            {t.gridReport.forgetPlace}
          </Button>
        )}
      </span>
      {state === "failed" && <p className="phone-note">{t.gridReport.noPlace}</p>}
      {state === "denied" && <p className="phone-note">{t.gridReport.denied}</p>}
    </div>
  );
}
