// The images that stages begin from.
import type { BuildStage, ImageBuild } from '#model/image-build.ts';

export interface ImageName {
  /** With registry and folders. */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** `registry:5000/a/b:1@sha256:…` */
export function imageName(image: string): ImageName {
  const at = image.indexOf('@');
  const bare = at < 0 ? image : image.slice(0, at);
  const colon = bare.lastIndexOf(':');
  const tagged = colon > bare.lastIndexOf('/');
  return {
    name: tagged ? bare.slice(0, colon) : bare,
    ...(tagged && { tag: bare.slice(colon + 1) }),
    ...(at >= 0 && { digest: image.slice(at + 1) }),
  };
}

/** Stages that begin from an image of a registry whose name is known. */
export function foreignStages(build: ImageBuild): readonly (BuildStage & { readonly base: string })[] {
  return build.stages.flatMap((stage) =>
    stage.base !== undefined && stage.parent === undefined && stage.base !== 'scratch' ? [{ ...stage, base: stage.base }] : [],
  );
}
