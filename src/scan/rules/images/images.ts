// The images that workloads run, with their places.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { podTemplates } from '../../pod-template.ts';
import { textAt } from '../../reach/raw.ts';
import { parseImage } from './reference.ts';
import type { ImageReference } from './reference.ts';

export interface RunImage {
  readonly workload: Workload;
  readonly resource: Resource;
  readonly container: string;
  /** To the container inside the resource; empty for a Compose service. */
  readonly path: Path;
  readonly imagePath: Path;
  readonly image: string;
  readonly reference: ImageReference;
  readonly pullPolicy: string | undefined;
}

/** Every container whose image is written and is no template. */
export function runImages(system: System): readonly RunImage[] {
  return podTemplates(system).flatMap(({ workload, resource, pod, at }) =>
    pod.containers.flatMap(({ name, raw, path }) => {
      const image = textAt(raw, 'image') ?? '';
      // Istio fills `auto` at injection.
      const reference = image === 'auto' ? undefined : parseImage(image);
      if (!reference) return [];
      const pullPolicy = textAt(raw, 'imagePullPolicy');
      return [
        { workload, resource, container: name, path: at(path), imagePath: at([...path, 'image']), image, reference, pullPolicy },
      ];
    }),
  );
}

/** For people: without the digest's forty digits. */
export function shortImage(image: string): string {
  return image.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, '@sha256:$1…');
}
