/** Photos from the camera or the album, made small on the phone. */
import { CameraOutlined, CloseOutlined, PictureOutlined } from "@ant-design/icons";
import { App } from "antd";
import { type ChangeEvent, useEffect, useState } from "react";
import { useSpeech } from "../../i18n/context";
import type { Photo } from "./deed";
import { shrink } from "./shrink";

interface Props {
  photos: Photo[];
  most: number;
  disabled?: boolean;
  onChange: (photos: Photo[]) => void;
}

export function Photos({ photos, most, disabled = false, onChange }: Props) {
  const { t, time } = useSpeech();
  const { message } = App.useApp();
  const add = async (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    const files = [...(input.files ?? [])];
    if (photos.length + files.length > most) message.warning(t.phone.mostPhotos(most), 4);
    const made: Photo[] = [];
    for (const file of files.slice(0, most - photos.length)) {
      try {
        const at = time.clock(Date.now()).replaceAll(":", "");
        made.push({ name: `${at}-${photos.length + made.length + 1}.jpg`, bytes: await shrink(file) });
      } catch {
        message.error(t.phone.badPhoto(file.name), 6);
      }
    }
    onChange([...photos, ...made]);
    // The same picture may be chosen again.
    input.value = "";
  };
  const isFull = disabled || photos.length >= most;
  return (
    <div className="photos">
      {photos.map((photo, i) => (
        <figure key={photo.name}>
          <Preview photo={photo} label={t.phone.photo(i + 1)} />
          {!disabled && !photo.sent && (
            <button
              type="button"
              aria-label={t.phone.dropPhoto(i + 1)}
              onClick={() => onChange(photos.filter((one) => one !== photo))}
            >
              <CloseOutlined />
            </button>
          )}
        </figure>
      ))}
      {!isFull && (
        <>
          <label className="photo-add">
            <CameraOutlined aria-hidden="true" /> {t.phone.shoot}
            <input type="file" accept="image/*" capture="environment" onChange={(e) => void add(e)} />
          </label>
          <label className="photo-add">
            <PictureOutlined aria-hidden="true" /> {t.phone.album}
            <input type="file" accept="image/*" multiple onChange={(e) => void add(e)} />
          </label>
        </>
      )}
    </div>
  );
}

function Preview({ photo, label }: { photo: Photo; label: string }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(photo.bytes);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [photo.bytes]);
  return <img src={url} alt={label} />;
}
