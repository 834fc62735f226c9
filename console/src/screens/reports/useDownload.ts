/** A report as a file, in the language of the page. */
import { useMutation } from "@tanstack/react-query";
import { App } from "antd";
import { need, ProblemError } from "../../api/client";
import { download } from "../../api/reports";
import type { BulletinFormat, BulletinRow } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";

/** Saves a file, and says so when it cannot be written. */
export function useDownload() {
  const { t, language } = useSpeech();
  const { message } = App.useApp();
  return useMutation({
    mutationFn: ({ row, format }: { row: BulletinRow; format: BulletinFormat }) =>
      need(download(row, format, language)),
    onError: (error) => {
      void message.error(error instanceof ProblemError ? problemText(t, error.problem) : String(error));
    },
  });
}
