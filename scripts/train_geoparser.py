"""Geoparser card, gazetteer and gold -> recognizers and a resolver."""

from pathlib import Path

from landscribe.command import command
from landscribe.geoparsers import GeoparserCard
from landscribe.places.lookup import Places
from landscribe.text.training import train_geoparser


def main(geoparser: Path, store: Path, model: Path, documents: list[Path] | None = None) -> None:
    """Train a geoparser on the gold that its card names, and on names that explain themselves.

    Args:
        geoparser: card in config/geoparsers.
        store: gazetteer that mentions are resolved to.
        model: folder to write.
        documents: folders of documents to learn from without gold.
    """
    trained = train_geoparser(GeoparserCard.read(geoparser), Places(store), documents or [])
    trained.save(model)
    languages = ", ".join(trained.recognizers)
    print(f"{model}: {languages}; resolver {trained.resolver.digest} {trained.resolver.about}")


if __name__ == "__main__":
    command(main)
