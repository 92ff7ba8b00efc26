/** What an ORM sends in a library. */
export const BOOKS = 'SELECT book.id, book.title, book.author_id FROM book WHERE book.publisher_id = $1'
export const AUTHOR = 'SELECT author.id, author.name, author.country_id FROM author WHERE author.id = $1 LIMIT $2'
export const COUNTRY = 'SELECT country.id, country.name FROM country WHERE country.id = $1 LIMIT $2'
export const REVIEWS = 'SELECT review.id, review.text FROM review WHERE review.book_id = $1'
export const TAGS =
  'SELECT tag.id, tag.name FROM tag INNER JOIN book_tags ON (tag.id = book_tags.tag_id) WHERE book_tags.book_id = $1'
export const SESSION = 'SELECT session_key, session_data FROM django_session WHERE session_key = $1 LIMIT $2'
export const USER = 'SELECT auth_user.id, auth_user.username FROM auth_user WHERE auth_user.id = $1 LIMIT $2'
