/**
 * Imported before anything that makes a schema: zod would compile its schemas to code, which the page's content security
 * policy forbids and each attempt of which the browser reports as a violation.
 */
import { z } from 'zod'

z.config({ jitless: true })
