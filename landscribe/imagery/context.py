"""Context: features that tell a pixel by its bands and by what surrounds it.

All are local: a pixel's features depend on nothing farther away than SUPPORT_PX, so a map cut into
tiles with that halo is the same as one made at once. The benchmark `landuse` shows what each family
brings.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from landscribe.command import InputError
from landscribe.sensors import POLARIZATIONS

SCALES_PX = (1, 2, 4, 8, 16)  # standard deviations of the Gaussian neighbourhoods
DEVIATION_SCALES_PX = (2, 4, 8)
PROFILE_RADII_PX = (2, 4, 8, 12)  # of the discs of the morphological profiles
EDGE_SCALES_PX = (1, 3, 8)
SUPPORT_PX = 64  # 3 * 16 for the widest Gaussian, 16 more where a gap has to be filled first
_TRUNCATE = 3.0  # Gaussians end at this many standard deviations
_FILL_SCALE_PX = 5

BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
_INDICES = {  # normalised differences (a - b) / (a + b)
    "ndvi": ("B08", "B04"),  # vegetation: Tucker 1979, doi:10.1016/0034-4257(79)90013-0
    "ndwi": ("B03", "B08"),  # open water: McFeeters 1996, doi:10.1080/01431169608948714
    "ndmi": ("B08", "B11"),  # moisture: Gao 1996, doi:10.1016/S0034-4257(96)00067-3
    "bare": ("B11", "B04"),  # bare soil against red: steep where plants are dry
}
_DEVIATION_BANDS = ("B02", "B04", "B08", "B11", "ndvi")
_PROFILE_BANDS = ("B08", "B02", "ndvi", "B11")
_EDGE_BANDS = ("B08", "B02", "ndvi")
_TEXTURE_BANDS = ("B03", "B04", "B08", "B11")
_TEXTURE_TAPS, _TEXTURE_ORDERS = 5, 4  # side of the cosine filters [px], and how many orders
_TEXTURE_SCALE_PX = 4  # of the window over which their energy is averaged
_RADAR_SCALES_PX = (2, 4, 8, 16)  # the speckle filter has made scale 1 level
_CROSSED = {"VV": "VH", "HH": "HV"}  # co-polarised band -> the cross-polarised one beside it
_FLOOR = 0.01  # least reflectance, and energy, of which a logarithm is taken


def context_features(
    reflectance: np.ndarray, bands: list[str], families: tuple[str, ...] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Features (feature, y, x) float32 of an image, and their names.

    Args:
        reflectance: (band, y, x) float32, 0-1, of a radar's bands in decibels; NaN where not
            observed. Such pixels are filled from their neighbours first, and have features too
            (nobody should map them).
        bands: names of the bands; BANDS have to be among them, and polarizations (VV, ...) may be.
        families: of `FAMILIES`; all of them by default.
    """
    if missing := [name for name in BANDS if name not in bands]:
        raise InputError(
            f"context needs the bands {', '.join(missing)} too; add them to the sensor card,"
            " or set `context: false` in the model card"
        )
    layers, seen = _layers(reflectance, bands, BANDS)
    layers |= {name: _difference(layers[a], layers[b]) for name, (a, b) in _INDICES.items()}
    radar = _layers(reflectance, bands, [name for name in POLARIZATIONS if name in bands])
    found: dict[str, np.ndarray] = {}
    for family in families or tuple(FAMILIES):
        found |= FAMILIES[family](*(radar if family == "radar" else (layers, seen)))
    none = np.empty((0, *reflectance.shape[1:]), "float32")
    return np.stack([*found.values()]) if found else none, list(found)


def _layers(
    image: np.ndarray, bands: list[str], names: Sequence[str]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Layers (y, x) of some bands without gaps, and where all of them were observed."""
    chosen = image[[bands.index(name) for name in names]]
    seen = np.isfinite(chosen).all(0)
    return {name: _filled(layer, seen) for name, layer in zip(names, chosen, strict=True)}, seen


def _own(layers: dict[str, np.ndarray], _: np.ndarray) -> dict[str, np.ndarray]:
    return layers


def _neighbourhoods(layers: dict[str, np.ndarray], seen: np.ndarray) -> dict[str, np.ndarray]:
    """Gaussian means at several scales, of what was observed."""
    return {
        f"{name}_mean{scale}": layer
        for scale in SCALES_PX
        for name, layer in _means(layers, seen, scale).items()
    }


def _deviations(layers: dict[str, np.ndarray], seen: np.ndarray) -> dict[str, np.ndarray]:
    """Local standard deviations: roofs and hedges differ from fields of the same mean."""
    return _spreads({name: layers[name] for name in _DEVIATION_BANDS}, seen)


def _profiles(layers: dict[str, np.ndarray], _: np.ndarray) -> dict[str, np.ndarray]:
    """White and black top-hats by discs of growing radius: the size of bright and dark objects.

    Derivative of the morphological profile of Benediktsson et al. 2003,
    doi:10.1109/TGRS.2003.814625.
    """
    found = {}
    for radius in PROFILE_RADII_PX:
        side = 2 * radius + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        for name in _PROFILE_BANDS:
            found[f"{name}_bright{radius}"] = cv2.morphologyEx(layers[name], cv2.MORPH_TOPHAT, disc)
            found[f"{name}_dark{radius}"] = cv2.morphologyEx(layers[name], cv2.MORPH_BLACKHAT, disc)
    return found


def _edges(layers: dict[str, np.ndarray], _: np.ndarray) -> dict[str, np.ndarray]:
    """Density of edges: mean strength of Sobel's gradient at several scales."""
    found = {}
    for name in _EDGE_BANDS:
        across, down = (cv2.Sobel(layers[name], cv2.CV_32F, *d) for d in ((1, 0), (0, 1)))
        strength = np.hypot(across, down)
        found |= {f"{name}_edges{s}": _blurred(strength, s) for s in EDGE_SCALES_PX}
    return found


def _texture(layers: dict[str, np.ndarray], _: np.ndarray) -> dict[str, np.ndarray]:
    """Logarithm of the mean energy of cosine filters: rows of crops, crowns, roofs and streets.

    Texture energy (Laws 1980, report USCIPI 940) with the local cosine basis of Unser 1986,
    doi:10.1016/0165-1684(86)90095-2. Taken of log reflectance, so that haze or shade that scales
    the brightness cancels; a filter and its transpose are added, so that north is like east.
    """
    orders = [(u, v) for u in range(_TEXTURE_ORDERS) for v in range(max(u, 1), _TEXTURE_ORDERS)]
    taps = np.arange(_TEXTURE_TAPS) + 0.5
    waves = [np.cos(np.pi * order * taps / _TEXTURE_TAPS) for order in range(_TEXTURE_ORDERS)]
    waves = [wave / np.linalg.norm(wave) for wave in waves]
    found = {}
    for band in _TEXTURE_BANDS:
        layer = np.log(np.maximum(layers[band], _FLOOR))
        for u, v in orders:
            response = np.abs(_filtered(layer, waves[u], waves[v]))
            response += np.abs(_filtered(layer, waves[v], waves[u]))
            energy = np.maximum(_blurred(response, _TEXTURE_SCALE_PX), _FLOOR)
            found[f"{band}_texture{u}{v}"] = np.log(energy)
    return found


def _radar(layers: dict[str, np.ndarray], seen: np.ndarray) -> dict[str, np.ndarray]:
    """Backscatter [dB], its means and spreads, and cross- minus co-polarised: crowns and stalks.

    Volume scattering turns the polarisation, bare ground and water do not: Vreugdenhil et al. 2018,
    doi:10.3390/rs10091396. Means of decibels are logarithms of geometric means of power.
    """
    ratios = {
        f"{cross}_over_{co}": layers[cross] - layers[co]
        for co, cross in _CROSSED.items()
        if co in layers and cross in layers
    }
    found = layers | ratios
    means = {
        f"{name}_mean{scale}": mean
        for scale in _RADAR_SCALES_PX
        for name, mean in _means(found, seen, scale).items()
    }
    return found | means | _spreads(layers, seen)


FAMILIES = {
    "own": _own,
    "neighbourhoods": _neighbourhoods,
    "deviations": _deviations,
    "profiles": _profiles,
    "edges": _edges,
    "texture": _texture,
    "radar": _radar,
}


def _difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a - b) / np.maximum(a + b, 1e-6)


def _means(layers: dict[str, np.ndarray], seen: np.ndarray, scale_px: int) -> dict[str, np.ndarray]:
    """Gaussian mean of the observed pixels of each layer: normalised convolution.

    Knutsson and Westin 1993, doi:10.1109/CVPR.1993.341081. So a cloud's gap darkens nothing.
    """
    if seen.all():
        return {name: _blurred(layer, scale_px) for name, layer in layers.items()}
    weight = np.maximum(_blurred(seen.astype("float32"), scale_px), 1e-6)
    return {name: _blurred(layer * seen, scale_px) / weight for name, layer in layers.items()}


def _spreads(layers: dict[str, np.ndarray], seen: np.ndarray) -> dict[str, np.ndarray]:
    """Gaussian standard deviations of layers at several scales, of what was observed."""
    found = {}
    squares = {name: layer * layer for name, layer in layers.items()}
    for scale in DEVIATION_SCALES_PX:
        means, powers = _means(layers, seen, scale), _means(squares, seen, scale)
        for name, mean in means.items():
            variance = powers[name] - mean**2
            found[f"{name}_deviation{scale}"] = np.sqrt(np.maximum(variance, 0))
    return found


def _blurred(layer: np.ndarray, scale_px: float) -> np.ndarray:
    side = 2 * int(_TRUNCATE * scale_px) + 1
    return cv2.GaussianBlur(layer, (side, side), scale_px, borderType=cv2.BORDER_REFLECT_101)


def _filtered(layer: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    return cv2.sepFilter2D(layer, cv2.CV_32F, across, down, borderType=cv2.BORDER_REFLECT_101)


def _filled(layer: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Layer with its gaps filled by the weighted mean of what was observed around, else 0."""
    if seen.all():
        return np.ascontiguousarray(layer, "float32")
    known = np.where(seen, layer, 0).astype("float32")
    around = _means({"": known}, seen, _FILL_SCALE_PX)[""]
    return np.where(seen, known, around).astype("float32")
