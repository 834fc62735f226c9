/** The second signature: in one's own session, or at the leaver's desk with name and password. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Input, Modal } from "antd";
import { useState } from "react";
import { need, ProblemError } from "../../api/client";
import type { Handover, HandoverVerb } from "../../api/types";
import { watch } from "../../api/watch";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";

interface Props {
  handover: Handover;
  verb: Exclude<HandoverVerb, "withdraw">;
  /** The one who takes over types name and password here. */
  here: boolean;
  onDone: () => void;
}

export function SignDialog({ handover, verb, here, onDone }: Props) {
  const { t } = useSpeech();
  const w = t.handover;
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [note, setNote] = useState("");
  const sign = useMutation({
    mutationFn: () => {
      const who = here ? { name: name.trim(), password } : {};
      return need(watch.sign(handover.id, { action: verb, note: note.trim(), ...who }));
    },
    onSuccess: async (signed) => {
      message.success(`${w.done[verb]} · ${w.moved(signed.moved?.length ?? 0)}`, 4);
      await queries.invalidateQueries();
      onDone();
    },
  });
  const refusing = verb === "refuse";
  const ready = (!here || (name.trim() !== "" && password !== "")) && (!refusing || note.trim() !== "");
  return (
    <Modal
      open
      centered
      width={440}
      title={refusing ? w.refuseTitle : w.signTitle(handover.leaver.name)}
      okText={refusing ? w.refuseTitle : w.take}
      okButtonProps={{ disabled: !ready, danger: refusing }}
      confirmLoading={sign.isPending}
      onOk={() => sign.mutate()}
      onCancel={onDone}
      transitionName=""
      maskTransitionName=""
    >
      <form
        className="sign"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) sign.mutate();
        }}
      >
        <p className="muted">{refusing ? w.refuseHint : w.signHint(handover.summary?.claimed.length ?? 0)}</p>
        {here && (
          <>
            <Input
              autoFocus
              value={name}
              placeholder={w.name}
              aria-label={w.name}
              autoComplete="off"
              onChange={(event) => setName(event.target.value)}
            />
            <Input.Password
              value={password}
              placeholder={w.password}
              aria-label={w.password}
              autoComplete="off"
              onChange={(event) => setPassword(event.target.value)}
            />
          </>
        )}
        <Input.TextArea
          autoFocus={!here}
          value={note}
          maxLength={2000}
          placeholder={refusing ? w.refuseHint : w.answer}
          aria-label={w.answer}
          autoSize={{ minRows: 2, maxRows: 6 }}
          onChange={(event) => setNote(event.target.value)}
        />
        {sign.error instanceof ProblemError && (
          <Alert type="error" showIcon title={problemText(t, sign.error.problem)} />
        )}
        <button type="submit" hidden />
      </form>
    </Modal>
  );
}
