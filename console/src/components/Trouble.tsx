import { Button, Result, Spin } from "antd";
import { ProblemError } from "../api/client";
import { useSpeech } from "../i18n/context";
import { problemText } from "../i18n/format";

interface TroubleProps {
  title: string;
  error?: unknown;
  /** What the button does: to try again unless `label` says otherwise. */
  onRetry?: () => void;
  label?: string;
}

/** What went wrong and a way on. */
export function Trouble({ title, error, onRetry, label }: TroubleProps) {
  const { t } = useSpeech();
  const text =
    error instanceof ProblemError
      ? problemText(t, error.problem)
      : error === undefined
        ? undefined
        : String(error);
  return (
    <Result
      status="warning"
      title={title}
      subTitle={text}
      extra={onRetry && <Button onClick={onRetry}>{label ?? t.common.retry}</Button>}
    />
  );
}

export function Loading() {
  const { t } = useSpeech();
  return (
    <div className="loading" role="status">
      <Spin /> <span>{t.common.loading}</span>
    </div>
  );
}
