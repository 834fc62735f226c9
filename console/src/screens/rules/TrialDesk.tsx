/** A copy of a rule to change, and the stretch of recording on which it is tried. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Segmented, Select } from "antd";
import { useState } from "react";
import { need, ProblemError } from "../../api/client";
import { trials } from "../../api/trials";
import type { CameraRules } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { type Keys, ruleText } from "./draft";
import { RuleForm } from "./RuleForm";

const HOUR_MS = 3_600_000;
/** What is just being recorded is not there yet. */
const NOT_YET_MS = 5_000;

interface TrialDeskProps {
  rules: CameraRules;
  draft: Keys;
  onDone: () => void;
}

type How = "form" | "text";

export function TrialDesk({ rules, draft, onDone }: TrialDeskProps) {
  const { t } = useSpeech();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [how, setHow] = useState<How>("form");
  const [keys, setKeys] = useState<Keys>(draft);
  const [text, setText] = useState(() => ruleText(draft));
  const [hours, setHours] = useState(1);
  const [model, setModel] = useState<string | undefined>(undefined);
  const written = how === "form" ? ruleText(keys) : text;

  const run = useMutation({
    mutationFn: () => {
      const to_ms = Date.now() - NOT_YET_MS;
      // A day back from now is just still fresh.
      const from_ms = Math.max(to_ms - hours * HOUR_MS, Date.now() - 24 * HOUR_MS + 60_000);
      return need(trials.ask(rules.camera, { from_ms, to_ms, rules: written, model }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["trials", rules.camera] }),
  });
  const problem = run.error instanceof ProblemError ? run.error.problem : null;
  const change = (next: How) => {
    if (next === "text") setText(ruleText(keys));
    setHow(next);
  };
  const copy = async () => {
    await navigator.clipboard.writeText(written);
    message.success(t.rules.copied);
  };
  return (
    <section className="card trial-desk">
      <Segmented<How>
        value={how}
        onChange={change}
        options={[
          { value: "form", label: t.rules.form },
          { value: "text", label: t.rules.text },
        ]}
      />
      {how === "form" ? (
        <RuleForm keys={keys} rules={rules} onChange={setKeys} />
      ) : (
        <>
          <Input.TextArea
            className="rule-text"
            value={text}
            onChange={(event) => setText(event.target.value)}
            aria-label={t.rules.text}
            autoSize={{ minRows: 8, maxRows: 24 }}
            spellCheck={false}
          />
          <p className="muted">{t.rules.textHint}</p>
        </>
      )}
      {problem && (
        <div className="rule-problems" role="alert">
          <b>{problem.problems ? t.rules.problems : problemText(t, problem)}</b>
          <ul>
            {(problem.problems ?? []).map((one) => (
              <li key={`${one.at} ${one.message}`}>
                <code>{one.at}</code> {one.message}
              </li>
            ))}
          </ul>
        </div>
      )}
      <div className="trial-run">
        <label>
          {t.rules.range}
          <Select
            value={hours}
            onChange={setHours}
            options={[1, 2, 6, 12, 24].map((n) => ({ value: n, label: t.rules.hours(n) }))}
          />
        </label>
        <label>
          {t.rules.model}
          <Select
            value={model ?? ""}
            onChange={(name) => setModel(name === "" ? undefined : name)}
            popupMatchSelectWidth={false}
            options={[
              { value: "", label: t.rules.ownModel(rules.model ?? "–") },
              ...rules.models
                .filter((name) => name !== rules.model)
                .map((name) => ({ value: name, label: name })),
            ]}
          />
        </label>
        <span className="grow" />
        <Button onClick={() => void copy()}>{t.rules.copy}</Button>
        <Button onClick={onDone}>{t.common.cancel}</Button>
        <Button
          type="primary"
          loading={run.isPending}
          disabled={rules.stream === undefined}
          onClick={() => run.mutate()}
        >
          {t.rules.run}
        </Button>
      </div>
      {rules.stream === undefined && <p className="muted">{t.rules.notRecorded}</p>}
      {rules.stream !== undefined && !rules.is_same_stream && <p className="muted">{t.rules.otherStream}</p>}
    </section>
  );
}
