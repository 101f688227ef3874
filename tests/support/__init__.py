"""What tests are held up by: a database server, a browser, a running workbench."""
