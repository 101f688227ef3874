"""Sources of an import: what folders, tables and lists say of the images in them; no database."""
