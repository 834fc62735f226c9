/** 人工上报: an incident that somebody told the centre of. */

import { useQuery } from "@tanstack/react-query";
import { Alert, App, Button, Input, Modal, Radio, Select, Upload, type UploadFile } from "antd";
import { useRef, useState } from "react";
import { freshKey } from "../../actions/command";
import { Field } from "../../actions/form";
import { TimeField } from "../../actions/TimeField";
import { useCentre } from "../../actions/useCentre";
import { client, need } from "../../api/client";
import { desk, type IncidentReport, MOST_FILE_BYTES, type Source } from "../../api/desk";
import { useViewer } from "../../api/session";
import { useFirstFocus } from "../../components/focusSoon";
import { LevelBadge } from "../../components/LevelBadge";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { useLive } from "../../live/LiveProvider";
import "../incident/handling.css";

interface Props {
  onDone: (id: number) => void;
  onCancel: () => void;
}

/** What an operator may name as the way by which it came. */
const SOURCES: readonly Source[] = ["hotline", "operator", "visit", "superior", "patrol"];
const LEVELS = [1, 2, 3, 4];
const MOST_FILES = 6;

/** Of a file's bytes, without the head of a data URL. */
function base64Of(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

/** What is said above a form that is taller than the screen is seen below as well. */
const intoView = (box: HTMLElement | null) => box?.scrollIntoView({ block: "nearest" });

/** The files as they are sent, or the name of the first that cannot be read: it may have been moved since it was chosen. */
async function readAll(files: readonly File[]): Promise<IncidentReport["files"] | string> {
  const read: { name: string; base64: string }[] = [];
  for (const file of files) {
    const base64 = await base64Of(file).catch(() => null);
    if (base64 === null) return file.name;
    read.push({ name: file.name, base64 });
  }
  return read;
}

export function ReportDialog({ onDone, onCancel }: Props) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const { message } = App.useApp();
  const { book } = useLive();
  const { centre, areas, classOf } = useCentre();
  const cameras = useQuery({
    queryKey: ["cameras"],
    queryFn: ({ signal }) => need(client.cameras(signal)),
    staleTime: 60_000,
  });
  // One form is one report, however often it is sent.
  const key = useRef(freshKey());
  const first = useFirstFocus();
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const [source, setSource] = useState<Source>("hotline");
  const [cls, setClass] = useState<string | undefined>(undefined);
  const [level, setLevel] = useState<number | undefined>(undefined);
  const [area, setArea] = useState(viewer.areas.length === 1 ? viewer.areas[0] : undefined);
  const [camera, setCamera] = useState<string | undefined>(undefined);
  const [happened, setHappened] = useState<number | undefined>(undefined);
  const [files, setFiles] = useState<UploadFile[]>([]);
  const [text, setText] = useState({ title: "", location: "", description: "", reporter: "", phone: "" });
  // Asked once more before what was written is thrown away.
  const [leaving, setLeaving] = useState(false);
  // The gateway has this report, as it was before its last words were changed.
  const [taken, setTaken] = useState<{ number?: string } | null>(null);
  const words = t.desk.report;
  const usual = centre.classes.find((one) => one.id === cls)?.level;

  const write = (name: keyof typeof text, label: string, props: { hint?: string; most: number }) => (
    <Input
      value={text[name]}
      maxLength={props.most}
      placeholder={props.hint}
      aria-label={label}
      status={tried && name === "title" && text.title.trim() === "" ? "error" : ""}
      onChange={(event) => setText({ ...text, [name]: event.target.value })}
    />
  );
  const submit = async () => {
    setTried(true);
    const title = text.title.trim();
    if (cls === undefined || area === undefined || title === "" || busy) return;
    const chosen = files.flatMap((each) => (each.originFileObj ? [each.originFileObj as File] : []));
    const large = chosen.find((file) => file.size > MOST_FILE_BYTES);
    if (large) return void message.error(words.tooLarge(large.name));
    if (chosen.length > MOST_FILES) return void message.error(words.tooMany);
    setBusy(true);
    try {
      await send(title, { class: cls, area }, chosen);
    } finally {
      setBusy(false);
    }
  };
  const send = async (
    title: string,
    where: Pick<IncidentReport, "class" | "area">,
    chosen: readonly File[],
  ) => {
    const read = await readAll(chosen);
    if (typeof read === "string") return void message.error(words.unreadable(read), 6);
    const report: IncidentReport = {
      ...where,
      idempotency_key: key.current,
      source,
      level,
      title,
      location: text.location.trim() || undefined,
      description: text.description.trim() || undefined,
      reporter: text.reporter.trim() || undefined,
      reporter_phone: text.phone.trim() || undefined,
      camera,
      happened_ms: happened,
      files: read,
    };
    let answer = await desk.report(report);
    // The answer was lost, perhaps not the report: the same key asks what became of it.
    if (answer.kind === "error" && answer.problem.status === 0) answer = await desk.report(report);
    if (answer.kind === "ok") {
      if (answer.value.incident) book.apply(answer.value.incident);
      message.success((answer.value.new ? words.done : words.again)(answer.value.number), 3);
      onDone(answer.value.id);
    } else if (answer.kind === "error" && answer.problem.code === "key_reused") {
      setTaken({ number: answer.problem.current?.number });
    } else if (answer.kind === "error") message.error(problemText(t, answer.problem), 6);
  };
  const sendAnew = () => {
    key.current = freshKey();
    setTaken(null);
    void submit();
  };
  const isWritten =
    Object.values(text).some((each) => each.trim() !== "") ||
    files.length > 0 ||
    [cls, level, camera, happened].some((each) => each !== undefined);
  const leave = () => {
    if (isWritten && !leaving) setLeaving(true);
    else onCancel();
  };
  const missing = (value: unknown) => (tried && value === undefined ? "error" : "");

  return (
    <Modal
      open
      centered
      width={720}
      title={words.title}
      footer={null}
      onCancel={leave}
      // A slip of the hand beside it during a call costs nothing that was written.
      mask={{ closable: !isWritten }}
      transitionName=""
      maskTransitionName=""
    >
      <form
        className="verb-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
        onInput={() => setLeaving(false)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit();
        }}
      >
        {leaving && (
          <div ref={intoView} data-act="report-leave">
            <Alert className="ask-refusal" type="warning" showIcon title={words.leave} />
          </div>
        )}
        {taken && (
          <div ref={intoView}>
            <Alert
              className="ask-refusal"
              type="warning"
              showIcon
              title={words.taken(taken.number)}
              description={
                <Button size="small" disabled={busy} onClick={sendAnew} data-act="report-anew">
                  {words.anew}
                </Button>
              }
            />
          </div>
        )}
        <Field label={words.source}>
          <Radio.Group
            optionType="button"
            aria-label={words.source}
            value={source}
            onChange={(event) => setSource(event.target.value)}
            options={SOURCES.map((value) => ({ value, label: t.desk.source[value] ?? value }))}
          />
        </Field>
        <div className="form-row">
          <Field label={words.class} needed>
            <Select
              ref={first}
              showSearch={{ optionFilterProp: "label" }}
              aria-label={words.class}
              status={missing(cls)}
              value={cls}
              options={centre.classes.map(({ id }) => ({ value: id, label: classOf(id) }))}
              onChange={setClass}
            />
          </Field>
          <Field label={words.area} needed>
            <Select
              showSearch={{ optionFilterProp: "label" }}
              aria-label={words.area}
              status={missing(area)}
              value={area}
              options={areas.map(({ id, name }) => ({ value: id, label: name }))}
              onChange={setArea}
            />
          </Field>
        </div>
        <Field label={words.level} hint={level === undefined ? words.levelUsual : undefined}>
          <Radio.Group
            optionType="button"
            aria-label={words.level}
            value={level ?? usual}
            onChange={(event) => setLevel(event.target.value)}
            options={LEVELS.map((value) => ({ value, label: <LevelBadge level={value} /> }))}
          />
        </Field>
        <Field label={words.what} needed>
          {write("title", words.what, { hint: words.whatHint, most: 200 })}
        </Field>
        <Field label={words.location}>
          {write("location", words.location, { hint: words.locationHint, most: 200 })}
        </Field>
        <Field label={words.description}>
          <Input.TextArea
            value={text.description}
            maxLength={4000}
            aria-label={words.description}
            autoSize={{ minRows: 2, maxRows: 5 }}
            onChange={(event) => setText({ ...text, description: event.target.value })}
          />
        </Field>
        <div className="form-row">
          <Field label={words.reporter}>{write("reporter", words.reporter, { most: 200 })}</Field>
          <Field label={words.phone}>{write("phone", words.phone, { most: 200 })}</Field>
          <Field label={words.camera}>
            <Select
              allowClear
              showSearch={{ optionFilterProp: "label" }}
              aria-label={words.camera}
              value={camera}
              options={(cameras.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
              onChange={setCamera}
            />
          </Field>
          <Field label={words.happened} hint={happened === undefined ? words.now : undefined}>
            <TimeField value={happened} label={words.happened} onChange={setHappened} />
          </Field>
        </div>
        <div className="form-foot report-foot">
          <Upload
            multiple
            maxCount={MOST_FILES}
            fileList={files}
            beforeUpload={() => false}
            accept="image/jpeg,image/png,application/pdf,text/plain"
            onChange={({ fileList }) => setFiles(fileList)}
          >
            <Button>{words.files}</Button>
          </Upload>
          <Button type="primary" htmlType="submit" loading={busy} data-act="report">
            {words.submit} <kbd>Ctrl+Enter</kbd>
          </Button>
        </div>
      </form>
    </Modal>
  );
}
