/** Words and photos for one step; kept on the phone while they are written. */
import { Button } from "antd";
import { useEffect, useRef, useState } from "react";
import type { IncidentDetail } from "../../api/types";
import { focusSoon } from "../../components/focusSoon";
import { useSpeech } from "../../i18n/context";
import type { Deed } from "./deed";
import { Photos } from "./Photos";

interface Props {
  deed: Deed;
  incident: IncidentDetail;
  /** What is being sent right now. */
  busy: string | null;
  onKeep: (deed: Deed) => Promise<void>;
  onSend: (deed: Deed) => Promise<void>;
  onClose: () => void;
}

/** A keystroke more or less is no loss. */
const KEEP_AFTER_MS = 300;
const MOST_PHOTOS = 9;
const HOUR = 3_600_000;
const LATER = { h1: HOUR, h4: 4 * HOUR, d1: 24 * HOUR, d3: 72 * HOUR } as const;

export function DeedForm({ deed, incident, busy, onKeep, onSend, onClose }: Props) {
  const { t, time } = useSpeech();
  const [note, setNote] = useState(deed.note);
  const [photos, setPhotos] = useState(deed.photos);
  const [from] = useState(() => Math.max(Date.now(), incident.due_ms ?? 0));
  const [later, setLater] = useState<keyof typeof LATER>("h4");
  const [missing, setMissing] = useState(false);
  const [whyNoFile, setWhyNoFile] = useState(deed.why_no_file ?? "");
  // The gateway has the last word: photos that were sent with an earlier step count too.
  const asksFile = deed.action === "finish" && incident.level === 1 && photos.length === 0;
  const asksTime = deed.action === "ask_extension";
  const hasPhotos = deed.action === "feedback" || deed.action === "finish";
  const latest = useRef({ deed, onKeep });
  latest.current = { deed, onKeep };

  useEffect(() => {
    const { deed, onKeep } = latest.current;
    if (note === deed.note && photos === deed.photos) return;
    const timer = setTimeout(() => void onKeep(Object.assign(deed, { note, photos })), KEEP_AFTER_MS);
    return () => clearTimeout(timer);
  }, [note, photos]);

  const send = () => {
    const words = note.trim() === "" && photos.length > 0 ? t.phone.seePhotos(photos.length) : note.trim();
    if (words === "") {
      setMissing(true);
      return;
    }
    const why = whyNoFile.trim();
    deed.why_no_file = asksFile && why !== "" ? why : undefined;
    Object.assign(deed, { note: words, photos, ...(asksTime ? { due_ms: from + LATER[later] } : {}) });
    void onSend(deed);
  };
  const close = () => {
    Object.assign(deed, { note, photos });
    onClose();
  };

  const id = `note-${deed.action}`;
  return (
    <div className="work-bar work-form">
      <h2>{t.phone.act[deed.action]}</h2>
      {asksTime && (
        <fieldset className="choices">
          <legend>{t.phone.until2}</legend>
          {Object.keys(LATER).map((key) => (
            <button
              type="button"
              key={key}
              aria-pressed={key === later}
              onClick={() => setLater(key as keyof typeof LATER)}
            >
              {t.phone.plus[key]}
            </button>
          ))}
          <span className="muted">{time.stamp(from + LATER[later]).slice(0, -3)}</span>
        </fieldset>
      )}
      <label htmlFor={id}>{t.phone.note[deed.action]}</label>
      <textarea
        id={id}
        ref={focusSoon}
        value={note}
        maxLength={1_000}
        rows={3}
        aria-invalid={missing && note.trim() === ""}
        onChange={(event) => setNote(event.target.value)}
      />
      {missing && note.trim() === "" && (
        <p role="alert" className="form-missing">
          {t.phone.needNote}
        </p>
      )}
      {asksFile && (
        <>
          <label htmlFor={`${id}-why`}>{t.phone.whyNoFile}</label>
          <textarea
            id={`${id}-why`}
            value={whyNoFile}
            maxLength={200}
            rows={1}
            onChange={(event) => setWhyNoFile(event.target.value)}
          />
        </>
      )}
      {hasPhotos && <Photos photos={photos} most={MOST_PHOTOS} onChange={setPhotos} />}
      <div className="work-do">
        <Button className="work-more" disabled={busy !== null} onClick={close}>
          {t.phone.cancel}
        </Button>
        <Button className="work-main" type="primary" loading={busy !== null} onClick={send}>
          {busy ?? t.phone.send}
        </Button>
      </div>
    </div>
  );
}
