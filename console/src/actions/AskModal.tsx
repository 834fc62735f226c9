/** The frame of every question: it stays with what was written until the gateway has taken it, and says why it has not. */
import { Alert, Button, Modal, type ModalProps } from "antd";
import { createContext, type KeyboardEvent, useContext } from "react";
import { useSpeech } from "../i18n/context";

/** Why what was decided was not done. */
export interface Refusal {
  text: string;
  /** Keeps what was written as a note of the incident, where there is something to keep. */
  onKeepNote?: () => void;
}

interface Asked {
  refusal: Refusal | null;
  /** On its way, and not answered. */
  busy: boolean;
}

const AskedContext = createContext<Asked>({ refusal: null, busy: false });
export const AskedProvider = AskedContext.Provider;

/** An Enter that is held down confirms once: what is asked after a refusal is another question. */
function pressedOnce(event: KeyboardEvent): void {
  if (event.repeat && event.key === "Enter" && event.target instanceof HTMLButtonElement)
    event.preventDefault();
}

export function AskModal({ children, ...props }: ModalProps) {
  const { t } = useSpeech();
  const { refusal, busy } = useContext(AskedContext);
  return (
    <Modal
      open
      centered
      transitionName=""
      maskTransitionName=""
      wrapProps={{ onKeyDownCapture: pressedOnce }}
      {...props}
    >
      {refusal && (
        <Alert
          className="ask-refusal"
          type="warning"
          showIcon
          title={refusal.text}
          description={
            <>
              {t.desk.refused.kept}
              {refusal.onKeepNote && (
                <Button size="small" data-act="keep-note" onClick={refusal.onKeepNote}>
                  {t.desk.refused.keepNote}
                </Button>
              )}
            </>
          }
        />
      )}
      <div className={busy ? "ask-busy" : undefined} aria-busy={busy}>
        {children}
      </div>
    </Modal>
  );
}
