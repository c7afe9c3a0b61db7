import { graphql } from '../graphql.ts'

export const ListViews = graphql(`
  query ListViews($path: String!) {
    savedViews(path: $path) { id name query }
  }
`)

export const CreateView = graphql(`
  mutation CreateView($input: CreateSavedViewInput!) {
    createSavedView(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on CreateSavedViewSuccess { savedView { id name query } }
    }
  }
`)

export const DeleteView = graphql(`
  mutation DeleteView($input: DeleteSavedViewInput!) {
    deleteSavedView(input: $input) {
      __typename
      ... on Problem { message }
      ... on DeleteSavedViewSuccess { savedView { id name } }
    }
  }
`)
