/** One incident, one report, one click (一事一报). */
import { FileTextOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Button } from "antd";
import { need, ProblemError } from "../../api/client";
import { reports } from "../../api/reports";
import { mayAct, useViewer } from "../../api/session";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { useDownload } from "./useDownload";

export function FlashButton({ incident }: { incident: number }) {
  const { t } = useSpeech();
  const { role } = useViewer();
  const { message } = App.useApp();
  const file = useDownload();
  const made = useMutation({
    mutationFn: () => need(reports.make({ kind: "flash", incident })),
    onSuccess: (row) => file.mutate({ row, format: "pdf" }),
    onError: (error) =>
      void message.error(error instanceof ProblemError ? problemText(t, error.problem) : String(error)),
  });
  if (!mayAct(role)) return null;
  return (
    <Button
      icon={<FileTextOutlined />}
      loading={made.isPending || file.isPending}
      onClick={() => made.mutate()}
      title={t.reports.flashHint}
    >
      {t.reports.flash}
    </Button>
  );
}
