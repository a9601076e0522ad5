"""Every template with lifelike made-up content and without a database: `python -m tests.web.styleguide` serves them."""
