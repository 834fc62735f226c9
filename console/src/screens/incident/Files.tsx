/** Files of the incident. Each look is written down, so a picture is fetched only when somebody asks for it. */
import { PaperClipOutlined } from "@ant-design/icons";
import { Button, Modal } from "antd";
import { type RefObject, useState } from "react";
import type { Actions } from "../../actions/useActions";
import type { CentreNames } from "../../actions/useCentre";
import { type Attachment, fileUrl } from "../../api/desk";
import { mayAct, useViewer } from "../../api/session";
import type { IncidentDetail } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { bytes } from "../../i18n/format";

interface Props {
  incident: IncidentDetail;
  names: CentreNames;
  actions: Actions;
  /** The file field, for the key that opens it. */
  field: RefObject<HTMLInputElement | null>;
}

export function Files({ incident, names, actions, field }: Props) {
  const { t, time } = useSpeech();
  const viewer = useViewer();
  const [shown, setShown] = useState<Attachment | null>(null);
  const look = (file: Attachment) => {
    if (file.media_type.startsWith("image/")) setShown(file);
    else window.open(fileUrl(incident.id, file.id), "_blank", "noopener");
  };
  return (
    <section className="card panel" data-testid="files">
      <h2 className="panel-head">
        <span>
          {t.desk.files.title} <span className="muted">{incident.attachments.length}</span>
        </span>
        {mayAct(viewer.role) && (
          <Button size="small" title={t.desk.files.hint} onClick={() => field.current?.click()}>
            {t.desk.files.add} <kbd>I</kbd>
          </Button>
        )}
      </h2>
      <input
        ref={field}
        type="file"
        hidden
        multiple
        data-testid="add-file"
        accept="image/jpeg,image/png,application/pdf,text/plain"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = "";
          if (files.length > 0) void actions.addFiles(incident.id, files);
        }}
      />
      <ul className="file-list">
        {incident.attachments.map((file) => (
          <li key={file.id}>
            <button type="button" className="file" onClick={() => look(file)} title={t.desk.files.view}>
              <PaperClipOutlined /> <span className="file-name">{file.name}</span>
            </button>
            <span className="muted">
              {bytes(file.bytes)} ·{" "}
              {file.unit ? names.unitOf(file.unit) : (file.by?.name ?? t.desk.files.centre)} ·{" "}
              {time.clock(file.at_ms)}
            </span>
          </li>
        ))}
      </ul>
      {incident.attachments.length === 0 && <p className="muted panel-none">{t.desk.files.none}</p>}
      {shown && (
        <Modal
          open
          centered
          width={960}
          footer={null}
          title={shown.name}
          onCancel={() => setShown(null)}
          transitionName=""
          maskTransitionName=""
        >
          <img className="file-picture" src={fileUrl(incident.id, shown.id)} alt={shown.name} />
        </Modal>
      )}
    </section>
  );
}
