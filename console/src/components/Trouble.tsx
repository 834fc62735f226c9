import { Button, Result, Spin } from "antd";
import { ProblemError } from "../api/client";
import { useSpeech } from "../i18n/context";
import { problemText } from "../i18n/format";

/** What went wrong and a way to try again. */
export function Trouble({ title, error, onRetry }: { title: string; error: unknown; onRetry?: () => void }) {
  const { t } = useSpeech();
  const text = error instanceof ProblemError ? problemText(t, error.problem) : String(error);
  return (
    <Result
      status="warning"
      title={title}
      subTitle={text}
      extra={onRetry && <Button onClick={onRetry}>{t.common.retry}</Button>}
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
